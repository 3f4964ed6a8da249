// Padding.
#include "ops/pad.hpp"

#include "importers/tensorflow/converters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::tensorflow {
namespace {

// [[begin, end], …] become [begins…, ends…].
ValueId padded(NodeContext& node, ValueId x, op::PadMode mode, ValueId value) {
  op::Pad op;
  op.mode = mode;
  Values operands = {x};
  bool last = false;  // the channels of the result have to be moved there
  if (const auto pairs = node.known_ints(1)) {
    Ints pads;
    for (std::size_t side = 0; side < 2; ++side) {
      for (std::size_t i = side; i < pairs->size(); i += 2) pads.push_back((*pairs)[i]);
    }
    if (std::any_of(pads.begin(), pads.end(), [](auto pad) { return pad < 0; }))
      node.fail("a padding is negative");
    const auto rank = static_cast<std::size_t>(node.rank_of(x));
    if (pads.size() != 2 * rank)
      node.fail(fmt::format("{} paddings are given for {} axes", pads.size() / 2, rank));
    if (const ValueId form = channels_first_form(node, x); form.valid()) {
      std::rotate(pads.begin() + 1, pads.begin() + static_cast<std::ptrdiff_t>(rank) - 1,
                  pads.begin() + static_cast<std::ptrdiff_t>(rank));
      std::rotate(pads.begin() + static_cast<std::ptrdiff_t>(rank) + 1, pads.end() - 1, pads.end());
      operands = {form};
      last = true;
    }
    op.pads = std::move(pads);
    operands.push_back({});
  } else {
    const ValueId pairs_operand = cast(node, node.input(1), DataType::i64);
    operands.push_back(reshape(node, transpose(node, pairs_operand, {1, 0}), {-1}));
  }
  if (value.valid()) operands.push_back(value);
  while (!operands.back().valid()) operands.pop_back();
  const ValueId y = node.add(std::move(op), std::move(operands));
  return last ? to_channels_last(node, y) : y;
}

Values pad(NodeContext& node) {
  node.require_inputs(2);
  return one(padded(node, node.input(0), op::PadMode::constant, {}));
}

Values pad_v2(NodeContext& node) {
  node.require_inputs(3);
  return one(padded(node, node.input(0), op::PadMode::constant, node.input(2)));
}

// SYMMETRIC repeats the border, which no mode of the operator does: the elements next to it are put in front
// and behind in reverse order.
Values mirror_pad(NodeContext& node) {
  node.require_inputs(2);
  const bool symmetric = node.attr_choice("mode", {"REFLECT", "SYMMETRIC"}, 0) == 1;
  if (!symmetric) return one(padded(node, node.input(0), op::PadMode::reflect, {}));
  const Ints pairs = node.require_ints(1, "the padding");
  ValueId x = node.input(0);
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (pairs[i] < 0 || pairs[i + 1] < 0) node.fail("a padding is negative");
    const auto axis = static_cast<std::int64_t>(i / 2);
    Values parts = {x};
    if (pairs[i] > 0) {
      constexpr std::int64_t kBeforeFirst = std::numeric_limits<std::int64_t>::min();
      parts.insert(parts.begin(), slice(node, x, {axis}, {pairs[i] - 1}, {kBeforeFirst}, {-1}));
    }
    if (pairs[i + 1] > 0) parts.push_back(slice(node, x, {axis}, {-1}, {-pairs[i + 1] - 1}, {-1}));
    x = concat(node, std::move(parts), axis);
  }
  return one(x);
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_pad(tensorflow::Registry& registry) {
  registry.add("MirrorPad", tensorflow::mirror_pad);
  registry.add("Pad", tensorflow::pad);
  registry.add("PadV2", tensorflow::pad_v2);
}

}  // namespace tenon
