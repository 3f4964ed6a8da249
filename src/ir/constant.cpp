#include "ir/constant.hpp"

namespace tenon::op {
namespace {

// Longer vectors are tables, not shapes.
constexpr std::int64_t kMaxSymbolicElements = 64;

template <class T>
Dims as_dims(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return Dims(values.begin(), values.end());
}

}  // namespace

std::vector<Inference> Constant::infer(InferContext& context) const {
  context.require_inputs(0, 0);
  Inference result(Type::tensor(value.dtype(), Dims(value.shape().begin(), value.shape().end())));
  if (value.rank() <= 1 && value.elements() <= kMaxSymbolicElements) {
    if (value.dtype() == DataType::i64) result.value = as_dims<std::int64_t>(value);
    if (value.dtype() == DataType::i32) result.value = as_dims<std::int32_t>(value);
  }
  return {std::move(result)};
}

}  // namespace tenon::op
