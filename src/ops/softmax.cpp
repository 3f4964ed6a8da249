#include "ops/softmax.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {
namespace {

std::vector<Inference> infer_along_axis(const InferContext& context, std::int64_t axis) {
  context.require_inputs(1, 1);
  require_float(context, 0);
  if (context.has_rank(0)) normalize_axis(context, axis, context.dims(0).size());
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace

std::vector<Inference> Softmax::infer(InferContext& context) const { return infer_along_axis(context, axis); }
std::vector<Inference> LogSoftmax::infer(InferContext& context) const {
  return infer_along_axis(context, axis);
}
std::vector<Inference> Hardmax::infer(InferContext& context) const { return infer_along_axis(context, axis); }

}  // namespace op

void register_op_softmax(OpRegistry& registry) {
  registry.add<op::Softmax>();
  registry.add<op::LogSoftmax>();
  registry.add<op::Hardmax>();
}

}  // namespace tenon
