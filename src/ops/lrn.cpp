#include "ops/lrn.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Lrn::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_float(context, 0);
  require_rank_at_least(context, 0, 2);
  if (size < 1 || size > kMaxGeometry) {
    context.fail(fmt::format("size: expected 1 to {}, found {}", kMaxGeometry, size));
  }
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace op

void register_op_lrn(OpRegistry& registry) { registry.add<op::Lrn>(); }

}  // namespace tenon
