#include "ops/split_to_sequence.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> SplitToSequence::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument split = int_argument(context, "split", std::optional<Ints>{}, 1);
  if (!data.dims) return {Type::sequence(moved(data, {}))};
  Dims dims = *data.dims;
  const std::int64_t at = normalize_axis(context, axis, dims.size());
  Dim& along = dims[static_cast<std::size_t>(at)];
  if (!split.given) {
    along = 1;
    if (!keep_dims) dims.erase(dims.begin() + at);
  } else {
    const bool uniform = split.values && split.values->size() == 1 && exact_div(along, split.values->front());
    along = uniform ? split.values->front() : Dim::unknown();
  }
  return {Type::sequence(moved(data, std::move(dims)))};
}

}  // namespace op

void register_op_split_to_sequence(OpRegistry& registry) { registry.add<op::SplitToSequence>(); }

}  // namespace tenon
