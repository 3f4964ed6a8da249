#include "ops/optional.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Optional::infer(InferContext& context) const {
  context.require_inputs(0, 1);
  if (context.has(0)) return {Type::optional(context.type(0))};
  if (!type) context.fail("an empty optional needs its element type");
  return {Type::optional(*type)};
}

std::vector<Inference> OptionalGetElement::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const Type& type = context.type(0);
  return {type.kind() == Type::Kind::optional ? type.element() : type};
}

std::vector<Inference> OptionalHasElement::infer(InferContext& context) const {
  context.require_inputs(0, 1);
  return {tensor_type(DataType::boolean, Dims{})};
}

}  // namespace op

void register_op_optional(OpRegistry& registry) {
  registry.add<op::Optional>();
  registry.add<op::OptionalGetElement>();
  registry.add<op::OptionalHasElement>();
}

}  // namespace tenon
