#include "ops/trilu.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Trilu::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  int_argument(context, "k", k, 1);
  if (data.dims && data.dims->size() < 2) {
    context.fail(fmt::format("operand 0 has rank {}, expected at least 2", data.dims->size()));
  }
  return {moved(data, data.dims)};
}

}  // namespace op

void register_op_trilu(OpRegistry& registry) { registry.add<op::Trilu>(); }

}  // namespace tenon
