#include "ops/random.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

namespace {

Type random_type(const InferContext& context, DataType dtype, std::optional<Dims> dims) {
  if (!is_compute_float(dtype)) {
    context.fail(fmt::format("element type {}, expected f16, bf16, f32 or f64", name(dtype)));
  }
  return tensor_type(dtype, std::move(dims));
}

Dims static_dims(const InferContext& context, const Ints& shape) {
  for (const std::int64_t dim : shape) {
    if (dim < 0) context.fail(fmt::format("the shape has the negative dim {}", dim));
  }
  return Dims(shape.begin(), shape.end());
}

}  // namespace

std::vector<Inference> RandomNormal::infer(InferContext& context) const {
  context.require_inputs(0, 0);
  return {random_type(context, dtype, static_dims(context, shape))};
}

std::vector<Inference> RandomNormalLike::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  return {
      random_type(context, dtype.value_or(plain_tensor(context, 0).dtype), plain_tensor(context, 0).dims)};
}

std::vector<Inference> RandomUniform::infer(InferContext& context) const {
  context.require_inputs(0, 0);
  return {random_type(context, dtype, static_dims(context, shape))};
}

std::vector<Inference> RandomUniformLike::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  return {
      random_type(context, dtype.value_or(plain_tensor(context, 0).dtype), plain_tensor(context, 0).dims)};
}

}  // namespace op

void register_op_random(OpRegistry& registry) {
  registry.add<op::RandomNormal>();
  registry.add<op::RandomNormalLike>();
  registry.add<op::RandomUniform>();
  registry.add<op::RandomUniformLike>();
}

}  // namespace tenon
