// TensorArrays: the contents travel along the flow as a sequence, the handle only says whether it may grow.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/sequences.hpp"

namespace tenon::tensorflow {
namespace {

Values tensor_array(NodeContext& node) {
  node.require_inputs(1);
  node.ignore_attrs({"clear_after_read", "identical_element_shapes", "tensor_array_name"});
  const auto dtype = node.find_dtype("dtype");
  if (!dtype) node.fail("attribute 'dtype' is missing");
  ShapeDef element;
  element.unknown_rank = true;
  if (const auto declared = node.find_shape("element_shape")) element = *declared;
  const ValueId handle = scalar(node, DataType::i32, 0);
  node.notes().arrays[handle] = {node.attr_bool("dynamic_size", false)};
  const ValueId count = as_operand(node, ints_operand(node, 0));
  return {handle, reserve_sequence(node, count, *dtype, element)};
}

const Notes::Array& array(NodeContext& node) {
  const auto found = node.notes().arrays.find(node.input(0));
  if (found == node.notes().arrays.end()) node.fail("its array is not known");
  return found->second;
}

Values read(NodeContext& node) {
  node.require_inputs(3);
  array(node);
  return one(element_at(node, node.input(2), node.input(1)));
}

Values write(NodeContext& node) {
  node.require_inputs(4);
  return one(with_element(node, node.input(3), node.input(1), node.input(2), array(node).dynamic));
}

Values gather_elements(NodeContext& node) {
  node.require_inputs(3);
  node.ignore_attrs({"element_shape"});
  array(node);
  const ValueId stacked = stack_sequence(node, node.input(2));
  return one(counts_up(node, node.input(1)) ? stacked : gather(node, stacked, node.input(1), 0));
}

// All elements at once: what was in the array is gone.
Values scatter_elements(NodeContext& node) {
  node.require_inputs(4);
  array(node);
  if (!counts_up(node, node.input(1))) node.fail("elements are written at positions other than 0, 1, 2, …");
  return one(split_sequence(node, node.input(2)));
}

Values concat_elements(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"element_shape_except0"});
  array(node);
  return one(concat_sequence(node, node.input(1)));
}

Values size_of(NodeContext& node) {
  node.require_inputs(2);
  array(node);
  return one(sequence_length(node, node.input(1)));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_tensor_array(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("TensorArrayConcatV3", concat_elements, {"value", "lengths"});
  registry.add("TensorArrayGatherV3", gather_elements);
  registry.add("TensorArrayReadV3", tensorflow::read);
  registry.add("TensorArrayScatterV3", scatter_elements);
  registry.add("TensorArraySizeV3", size_of);
  registry.add("TensorArrayV3", tensor_array, {"handle", "flow"});
  registry.add("TensorArrayWriteV3", tensorflow::write);
}

}  // namespace tenon
