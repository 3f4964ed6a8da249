#include "importers/tensorflow/sequences.hpp"

#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/importer.hpp"
#include "ops/concat_from_sequence.hpp"
#include "ops/range.hpp"
#include "ops/sequence.hpp"
#include "ops/split_to_sequence.hpp"

namespace tenon::tensorflow {

ValueId reserve_sequence(NodeContext& node, ValueId count, DataType dtype, const ShapeDef& element) {
  Ints dims;
  if (element.unknown_rank) dims.push_back(0);
  for (const std::int64_t dim : element.dims) dims.push_back(dim < 0 ? 0 : dim);
  ValueId shape = count;
  if (!dims.empty()) shape = concat(node, {count, node.ints(dims)}, 0);
  return split_sequence(node, fill(node, shape, dtype, 0));
}

ValueId split_sequence(NodeContext& node, ValueId tensor) {
  op::SplitToSequence op;
  op.axis = 0;
  op.keep_dims = false;
  return node.add(op, {tensor});
}

ValueId stack_sequence(NodeContext& node, ValueId sequence) {
  op::ConcatFromSequence op;
  op.axis = 0;
  op.new_axis = true;
  return node.add(op, {sequence});
}

ValueId concat_sequence(NodeContext& node, ValueId sequence) {
  op::ConcatFromSequence op;
  op.axis = 0;
  return node.add(op, {sequence});
}

ValueId element_at(NodeContext& node, ValueId sequence, ValueId position) {
  return node.add(op::SequenceAt{}, {sequence, position});
}

ValueId with_element(NodeContext& node, ValueId sequence, ValueId position, ValueId element, bool grows) {
  const auto replaced = [&]() -> Values {
    const ValueId without = node.add(op::SequenceErase{}, {sequence, position});
    return {node.add(op::SequenceInsert{}, {without, element, position})};
  };
  if (!grows) return replaced().front();
  const ValueId length = node.add(op::SequenceLength{}, {sequence});
  const ValueId inside = binary(node, PointwiseFn::less, cast(node, position, DataType::i64), length);
  const auto appended = [&]() -> Values { return {node.add(op::SequenceInsert{}, {sequence, element})}; };
  return node.importer().build_if(inside, replaced, appended).front();
}

ValueId sequence_length(NodeContext& node, ValueId sequence) {
  return cast(node, node.add(op::SequenceLength{}, {sequence}), DataType::i32);
}

bool counts_up(const NodeContext& node, ValueId positions) {
  const auto is = [&](ValueId id, std::int64_t value) {
    const auto known = node.known_ints_of(id);
    return known && known->size() == 1 && known->front() == value;
  };
  if (const auto known = node.known_ints_of(positions)) {
    for (std::size_t i = 0; i < known->size(); ++i) {
      if ((*known)[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
  }
  const NodeId producer = node.graph().value(positions).producer;
  if (!producer.valid()) return false;
  const Node& range = node.graph().node(producer);
  return range.op.as<op::Range>() != nullptr && is(range.inputs[0], 0) && is(range.inputs[2], 1);
}

}  // namespace tenon::tensorflow
