#include "ops/reverse_sequence.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> ReverseSequence::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  require_index_dtype(context, 1);
  require_rank(context, 1, 1);
  if (time_axis + batch_axis != 1 || time_axis * batch_axis != 0) {
    context.fail(fmt::format("time_axis {} and batch_axis {}, expected 0 and 1 in either order", time_axis,
                             batch_axis));
  }
  if (data.dims) {
    if (data.dims->size() < 2) {
      context.fail(fmt::format("operand 0 has rank {}, expected at least 2", data.dims->size()));
    }
    if (context.has_rank(1)) {
      merge_dim(context, (*data.dims)[static_cast<std::size_t>(batch_axis)], context.dims(1)[0],
                "the batch dim and the number of lengths");
    }
  }
  return {moved(data, data.dims)};
}

}  // namespace op

void register_op_reverse_sequence(OpRegistry& registry) { registry.add<op::ReverseSequence>(); }

}  // namespace tenon
