// Pad with zeros: the second operand has a row [before, after] for each axis.
#include "ops/pad.hpp"

#include "importers/uff/node_context.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

// The rows of an i32 or i64 matrix with two columns; nothing when it is computed.
std::optional<Ints> rows(const Tensor* tensor) {
  if (tensor == nullptr) return std::nullopt;
  if (tensor->dtype() == DataType::i32) {
    const auto values = tensor->values<std::int32_t>();
    return Ints(values.begin(), values.end());
  }
  if (tensor->dtype() != DataType::i64) return std::nullopt;
  const auto values = tensor->values<std::int64_t>();
  return Ints(values.begin(), values.end());
}

Placed pad(NodeContext& node) {
  node.require_inputs(2, 2);
  const auto padding = rows(node.constant(1));
  if (!padding) node.fail("the padding must be a constant of integers");
  const std::int64_t rank = node.rank(0);
  if (node.constant(1)->shape() != Shape{rank, 2})
    node.fail(fmt::format("the padding has the shape [{}], expected [{},2]",
                          fmt::join(node.constant(1)->shape(), ","), rank));
  Placed result = node.placed(0);
  Ints pads(2 * static_cast<std::size_t>(rank));
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const auto to = static_cast<std::size_t>(node.graph_axis(0, axis));
    const auto from = 2 * static_cast<std::size_t>(axis);
    pads[to] = (*padding)[from];
    pads[to + static_cast<std::size_t>(rank)] = (*padding)[from + 1];
  }
  for (const std::int64_t amount : pads) {
    if (amount < 0) node.fail(fmt::format("the padding {} is negative", amount));
  }
  op::Pad op;
  op.pads = std::move(pads);
  result.id = node.add(std::move(op), {result.id});
  return result;
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_pad(uff::Registry& registry) { registry.add("Pad", uff::pad); }

}  // namespace tenon
