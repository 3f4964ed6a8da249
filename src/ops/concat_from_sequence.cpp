#include "ops/concat_from_sequence.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> ConcatFromSequence::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const Type& sequence = context.type(0);
  if (sequence.kind() != Type::Kind::sequence || !sequence.element().is_tensor()) {
    context.fail(fmt::format("operand 0 is {}, expected a sequence of tensors", sequence.to_string()));
  }
  const TensorType& element = sequence.element().as_tensor();
  if (!element.dims) return {tensor_type(element.dtype, {})};
  Dims dims = *element.dims;
  const std::int64_t rank = static_cast<std::int64_t>(dims.size()) + (new_axis ? 1 : 0);
  const std::int64_t at = normalize_axis(context, axis, rank);
  if (new_axis) {
    dims.insert(dims.begin() + at, Dim::unknown());
  } else {
    dims[static_cast<std::size_t>(at)] = Dim::unknown();
  }
  return {tensor_type(element.dtype, std::move(dims))};
}

}  // namespace op

void register_op_concat_from_sequence(OpRegistry& registry) { registry.add<op::ConcatFromSequence>(); }

}  // namespace tenon
