#include "tactics/rounded.hpp"

#include "base/check.hpp"
#include "base/half.hpp"

#include <algorithm>

namespace tenon {
namespace {

template <class T>
Tensor rounded_to(const Tensor& tensor) {
  Tensor result(DataTypeOf<T>::value, tensor.shape());
  const auto from = tensor.values<float>();
  std::transform(from.begin(), from.end(), result.mutable_values<T>().begin(), [](float x) { return T(x); });
  return result;
}

}  // namespace

Tensor rounded(const Tensor& tensor, DataType type) {
  TENON_REQUIRE(type == DataType::bf16 || type == DataType::f16, "a tensor rounded to {}", name(type));
  return type == DataType::bf16 ? rounded_to<bfloat16>(tensor) : rounded_to<float16>(tensor);
}

}  // namespace tenon
