#include "ops/sequence.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon {
namespace op {

namespace {

// Element type of the sequence that operand 0 is.
const Type& element_type(const InferContext& context) {
  const Type& type = context.type(0);
  if (type.kind() != Type::Kind::sequence) {
    context.fail(fmt::format("operand 0 is {}, expected a sequence", type.to_string()));
  }
  return type.element();
}

void require_position(const InferContext& context, std::size_t i) {
  if (!context.has(i)) return;
  require_index_dtype(context, i);
  require_max_rank(context, i, 1);
}

}  // namespace

std::vector<Inference> SequenceConstruct::infer(InferContext& context) const {
  context.require_inputs(1, std::numeric_limits<std::size_t>::max());
  Type element = context.type(0);
  for (std::size_t i = 1; i < context.input_count(); ++i) {
    element = join(context, element, context.type(i), fmt::format("operands 0 and {}", i));
  }
  return {Type::sequence(std::move(element))};
}

std::vector<Inference> SequenceEmpty::infer(InferContext& context) const {
  context.require_inputs(0, 0);
  return {Type::sequence(Type::tensor(dtype))};
}

std::vector<Inference> SequenceAt::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  require_position(context, 1);
  return {element_type(context)};
}

std::vector<Inference> SequenceInsert::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  require_position(context, 2);
  return {Type::sequence(join(context, element_type(context), context.type(1), "sequence and element"))};
}

std::vector<Inference> SequenceErase::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  require_position(context, 1);
  return {Type::sequence(element_type(context))};
}

std::vector<Inference> SequenceLength::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  element_type(context);
  return {tensor_type(DataType::i64, Dims{})};
}

}  // namespace op

void register_op_sequence(OpRegistry& registry) {
  registry.add<op::SequenceConstruct>();
  registry.add<op::SequenceEmpty>();
  registry.add<op::SequenceAt>();
  registry.add<op::SequenceInsert>();
  registry.add<op::SequenceErase>();
  registry.add<op::SequenceLength>();
}

}  // namespace tenon
