#include "ops/scalar.hpp"

#include "base/half.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace tenon {
namespace {

// Fractions are cut off.
template <class T>
void store_integer(Tensor& tensor, double value) {
  const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const double lowest = static_cast<double>(std::numeric_limits<T>::min());
  if (!(value < above && (value > lowest - 1 || value == lowest))) {
    throw ModelError(fmt::format("{} does not fit the type {}", value, name(tensor.dtype())));
  }
  tensor.mutable_values<T>()[0] = static_cast<T>(value);
}

}  // namespace

Tensor scalar_tensor(DataType dtype, double value) {
  Tensor tensor(dtype, {});
  switch (dtype) {
    case DataType::f32: tensor.mutable_values<float>()[0] = static_cast<float>(value); break;
    case DataType::f64: tensor.mutable_values<double>()[0] = value; break;
    case DataType::f16: tensor.mutable_values<float16>()[0] = float16(static_cast<float>(value)); break;
    case DataType::bf16: tensor.mutable_values<bfloat16>()[0] = bfloat16(static_cast<float>(value)); break;
    case DataType::boolean: tensor.mutable_values<bool>()[0] = value != 0; break;
    case DataType::i8: store_integer<std::int8_t>(tensor, value); break;
    case DataType::i16: store_integer<std::int16_t>(tensor, value); break;
    case DataType::i32: store_integer<std::int32_t>(tensor, value); break;
    case DataType::i64: store_integer<std::int64_t>(tensor, value); break;
    case DataType::u8: store_integer<std::uint8_t>(tensor, value); break;
    case DataType::u16: store_integer<std::uint16_t>(tensor, value); break;
    case DataType::u32: store_integer<std::uint32_t>(tensor, value); break;
    case DataType::u64: store_integer<std::uint64_t>(tensor, value); break;
    default: throw ModelError(fmt::format("type {} is not supported here", name(dtype)));
  }
  return tensor;
}

}  // namespace tenon
