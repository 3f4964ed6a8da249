// TensorLists, which loops of TensorFlow 2 carry, as sequences.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/sequences.hpp"
#include "ops/sequence.hpp"

namespace tenon::tensorflow {
namespace {

DataType element_type(NodeContext& node) {
  const auto dtype = node.find_dtype("element_dtype");
  if (!dtype) node.fail("attribute 'element_dtype' is missing");
  return *dtype;
}

// Operand `i`: dims, -1 where they are open; -1 alone: the rank is open too.
ShapeDef element_shape(NodeContext& node, std::size_t i) {
  ShapeDef shape;
  const auto known = node.known_ints(i);
  const Dims* dims = node.dims(i);
  shape.unknown_rank = !known || (dims != nullptr && dims->empty());
  if (!shape.unknown_rank) shape.dims = *known;
  if (shape.dims.size() > 64) node.fail("the elements have too many dims");
  return shape;
}

Values reserve(NodeContext& node) {
  node.require_inputs(2);
  const ValueId count = as_operand(node, ints_operand(node, 1));
  return one(reserve_sequence(node, count, element_type(node), element_shape(node, 0)));
}

Values empty_list(NodeContext& node) {
  node.require_inputs(2);
  return one(node.add(op::SequenceEmpty{element_type(node)}, {}));
}

Values from_tensor(NodeContext& node) {
  node.require_inputs(2);
  return one(split_sequence(node, node.input(0)));
}

Values get_item(NodeContext& node) {
  node.require_inputs(3);
  return one(element_at(node, node.input(0), node.input(1)));
}

Values set_item(NodeContext& node) {
  node.require_inputs(3);
  const bool grows = node.attr_bool("resize_if_index_out_of_bounds", false);
  return one(with_element(node, node.input(0), node.input(1), node.input(2), grows));
}

Values push_back(NodeContext& node) {
  node.require_inputs(2);
  return one(node.add(op::SequenceInsert{}, {node.input(0), node.input(1)}));
}

Values pop_back(NodeContext& node) {
  node.require_inputs(2);
  return {node.add(op::SequenceErase{}, {node.input(0)}),
          element_at(node, node.input(0), node.int_scalar(-1))};
}

Values stack(NodeContext& node) {
  node.require_inputs(1, 2);
  node.ignore_attrs({"num_elements"});
  return one(stack_sequence(node, node.input(0)));
}

Values gather_list(NodeContext& node) {
  node.require_inputs(3);
  const ValueId stacked = stack_sequence(node, node.input(0));
  return one(counts_up(node, node.input(1)) ? stacked : gather(node, stacked, node.input(1), 0));
}

Values scatter_list(NodeContext& node) {
  node.require_inputs(3, 4);
  if (!counts_up(node, node.input(1))) node.fail("elements are written at positions other than 0, 1, 2, …");
  return one(split_sequence(node, node.input(0)));
}

Values concat_list(NodeContext& node) {
  node.require_inputs(1, 3);
  node.ignore_attrs({"element_shape"});
  return one(concat_sequence(node, node.input(0)));
}

Values length(NodeContext& node) {
  node.require_inputs(1);
  return one(sequence_length(node, node.input(0)));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_tensor_list(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("EmptyTensorList", empty_list);
  registry.add("TensorListConcat", concat_list, {"tensor", "lengths"});
  registry.add("TensorListConcatV2", concat_list, {"tensor", "lengths"});
  registry.add("TensorListFromTensor", from_tensor);
  registry.add("TensorListGather", gather_list);
  registry.add("TensorListGetItem", get_item);
  registry.add("TensorListLength", length);
  registry.add("TensorListPopBack", pop_back, {"output_handle", "tensor"});
  registry.add("TensorListPushBack", push_back);
  registry.add("TensorListReserve", reserve);
  registry.add("TensorListScatter", scatter_list);
  registry.add("TensorListScatterV2", scatter_list);
  registry.add("TensorListSetItem", set_item);
  registry.add("TensorListStack", stack);
}

}  // namespace tenon
