#include "ops/global_pool.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {
namespace {

std::vector<Inference> infer_global_pool(const InferContext& context) {
  context.require_inputs(1, 1);
  require_float(context, 0);
  require_rank_at_least(context, 0, 3);
  std::optional<Dims> dims = context.tensor(0).dims;
  if (dims) std::fill(dims->begin() + 2, dims->end(), Dim(1));
  return {tensor_type(context.dtype(0), std::move(dims))};
}

}  // namespace

std::vector<Inference> GlobalAveragePool::infer(InferContext& context) const {
  return infer_global_pool(context);
}

std::vector<Inference> GlobalMaxPool::infer(InferContext& context) const {
  return infer_global_pool(context);
}

std::vector<Inference> GlobalLpPool::infer(InferContext& context) const {
  if (p < 1) context.fail(fmt::format("p: expected 1 or more, found {}", p));
  return infer_global_pool(context);
}

}  // namespace op

void register_op_global_pool(OpRegistry& registry) {
  registry.add<op::GlobalAveragePool>();
  registry.add<op::GlobalMaxPool>();
  registry.add<op::GlobalLpPool>();
}

}  // namespace tenon
