// TensorArrays and TensorLists as sequences: lists of tensors whose elements are replaced by position.
#pragma once

#include "importers/tensorflow/node_context.hpp"

namespace tenon::tensorflow {

// A sequence of `count` (i64[1]) zero tensors; dims of the elements that are not known are 0 until they are
// written.
ValueId reserve_sequence(NodeContext& node, ValueId count, DataType dtype, const ShapeDef& element);
// The parts of a tensor along axis 0.
ValueId split_sequence(NodeContext& node, ValueId tensor);
// The elements stacked along a new axis 0.
ValueId stack_sequence(NodeContext& node, ValueId sequence);
ValueId concat_sequence(NodeContext& node, ValueId sequence);  // along axis 0
ValueId element_at(NodeContext& node, ValueId sequence, ValueId position);
// With the element at `position` replaced; a growing one takes it also at its end.
ValueId with_element(NodeContext& node, ValueId sequence, ValueId position, ValueId element, bool grows);
ValueId sequence_length(NodeContext& node, ValueId sequence);  // i32
// Whether an operand is known to be 0, 1, 2, … to the end.
bool counts_up(const NodeContext& node, ValueId positions);

}  // namespace tenon::tensorflow
