#include "base/context.hpp"
#include "base/half.hpp"
#include "base/mapped_file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "ir/npy.hpp"

#include <tenon/engine.hpp>
#include <tenon/io.hpp>

#include <fmt/format.h>

#include <ostream>

namespace tenon {
namespace {

template <class T, class Draw>
void fill(Tensor& tensor, Draw draw) {
  for (T& value : tensor.mutable_values<T>()) value = static_cast<T>(draw());
}

template <class T>
void fill_half(Tensor& tensor, Random& random) {
  T* values = reinterpret_cast<T*>(tensor.mutable_data());
  for (std::int64_t i = 0; i < tensor.elements(); ++i) values[i] = T(random.uniform(-1, 1));
}

}  // namespace

Tensor load_npy(const std::filesystem::path& path) { return read_npy(path); }

void save_npy(const Tensor& tensor, const std::filesystem::path& path) { write_npy(path, tensor); }

void save_text(std::string_view text, const std::filesystem::path& path) {
  write_file_atomically(path, [&](std::ostream& out) { out << text; });
}

Tensor random_tensor(DataType dtype, const Shape& shape, std::uint64_t seed) {
  Tensor tensor(dtype, shape);
  Random random(seed);
  const auto real = [&] { return random.uniform(-1, 1); };
  const auto bit = [&] { return random.below(2); };
  switch (dtype) {
    case DataType::f32: fill<float>(tensor, real); break;
    case DataType::f64: fill<double>(tensor, real); break;
    case DataType::f16: fill_half<float16>(tensor, random); break;
    case DataType::bf16: fill_half<bfloat16>(tensor, random); break;
    case DataType::i8: fill<std::int8_t>(tensor, bit); break;
    case DataType::i16: fill<std::int16_t>(tensor, bit); break;
    case DataType::i32: fill<std::int32_t>(tensor, bit); break;
    case DataType::i64: fill<std::int64_t>(tensor, bit); break;
    case DataType::u8: fill<std::uint8_t>(tensor, bit); break;
    case DataType::u16: fill<std::uint16_t>(tensor, bit); break;
    case DataType::u32: fill<std::uint32_t>(tensor, bit); break;
    case DataType::u64: fill<std::uint64_t>(tensor, bit); break;
    case DataType::boolean: fill<bool>(tensor, bit); break;
    case DataType::string: break;
    default:
      throw ModelError(
          fmt::format("there are no random tensors of dtype {}; give the input from a file", name(dtype)));
  }
  return tensor;
}

Tensor random_input(const TensorInfo& input, std::uint64_t seed) {
  if (!input.values) return random_tensor(input.dtype, input.opt, seed);
  Tensor tensor(input.dtype, input.opt);
  std::size_t next = 0;
  const auto value = [&] { return input.values->opt[next++]; };
  if (input.dtype == DataType::i32) {
    fill<std::int32_t>(tensor, value);
  } else {
    fill<std::int64_t>(tensor, value);
  }
  return tensor;
}

}  // namespace tenon
