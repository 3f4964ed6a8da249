#include "ops/arg_extreme.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {
namespace {

std::vector<Inference> infer_index(const InferContext& context, std::int64_t axis, bool keep_dims) {
  context.require_inputs(1, 1);
  require_numeric(context, 0);
  std::optional<Dims> dims = context.tensor(0).dims;
  if (dims) {
    const std::int64_t at = normalize_axis(context, axis, dims->size());
    if ((*dims)[static_cast<std::size_t>(at)].is_const(0)) context.fail("the axis has no elements");
    if (keep_dims) {
      (*dims)[static_cast<std::size_t>(at)] = 1;
    } else {
      dims->erase(dims->begin() + at);
    }
  }
  return {tensor_type(DataType::i64, std::move(dims))};
}

}  // namespace

std::vector<Inference> ArgMax::infer(InferContext& context) const {
  return infer_index(context, axis, keep_dims);
}
std::vector<Inference> ArgMin::infer(InferContext& context) const {
  return infer_index(context, axis, keep_dims);
}

}  // namespace op

void register_op_arg_extreme(OpRegistry& registry) {
  registry.add<op::ArgMax>();
  registry.add<op::ArgMin>();
}

}  // namespace tenon
