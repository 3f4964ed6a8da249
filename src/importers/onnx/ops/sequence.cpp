// Sequences and optionals.
#include "ops/sequence.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/concat_from_sequence.hpp"
#include "ops/optional.hpp"
#include "ops/split_to_sequence.hpp"

namespace tenon::onnx {
namespace {

template <class Op, std::size_t kMin, std::size_t kMax>
Values same_operands(NodeContext& node) {
  node.require_inputs(kMin, kMax);
  return one(node.add(Op{}, node.inputs()));
}

Values sequence_construct(NodeContext& node) {
  node.require_inputs(node.input_count(), node.input_count());
  if (node.input_count() == 0) node.fail("no inputs");
  return one(node.add(op::SequenceConstruct{}, node.inputs()));
}

Values sequence_empty(NodeContext& node) {
  node.require_inputs(0, 0);
  return one(node.add(op::SequenceEmpty{node.find_dtype("dtype").value_or(DataType::f32)}, {}));
}

Values split_to_sequence(NodeContext& node) {
  node.require_inputs(1, 2);
  op::SplitToSequence op;
  op.axis = node.attr_int("axis", 0);
  op.keep_dims = node.attr_bool("keepdims", true);
  if (node.has(1)) op.keep_dims = true;
  return one(node.add(op, node.inputs()));
}

Values concat_from_sequence(NodeContext& node) {
  node.require_inputs(1, 1);
  op::ConcatFromSequence op;
  op.axis = node.attr_int("axis");
  op.new_axis = node.attr_bool("new_axis", false);
  return one(node.add(op, {node.input(0)}));
}

Values optional(NodeContext& node) {
  node.require_inputs(0, 1);
  op::Optional op;
  op.type = node.find_type("type");
  if (node.has(0)) op.type.reset();
  if (!node.has(0) && !op.type) node.fail("expected an input or attribute 'type'");
  return one(node.add(std::move(op), node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_sequence(onnx::Registry& registry) {
  registry.add("ConcatFromSequence", onnx::concat_from_sequence, {11});
  registry.add("Optional", onnx::optional, {15});
  registry.add("OptionalGetElement", onnx::same_operands<op::OptionalGetElement, 1, 1>, {15});
  registry.add("OptionalHasElement", onnx::same_operands<op::OptionalHasElement, 0, 1>, {15});
  registry.add("SequenceAt", onnx::same_operands<op::SequenceAt, 2, 2>, {11});
  registry.add("SequenceConstruct", onnx::sequence_construct, {11});
  registry.add("SequenceEmpty", onnx::sequence_empty, {11});
  registry.add("SequenceErase", onnx::same_operands<op::SequenceErase, 1, 2>, {11});
  registry.add("SequenceInsert", onnx::same_operands<op::SequenceInsert, 2, 3>, {11});
  registry.add("SequenceLength", onnx::same_operands<op::SequenceLength, 1, 1>, {11});
  registry.add("SplitToSequence", onnx::split_to_sequence, {11});
}

}  // namespace tenon
