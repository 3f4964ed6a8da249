// Concat and Stack.
#include "ops/concat.hpp"

#include "importers/uff/node_context.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

constexpr std::size_t kMaxInputs = 100'000;

Placed concat(NodeContext& node) {
  node.require_inputs(1, kMaxInputs);
  const std::int64_t axis = node.file_axis(0, node.field_int("axis"));
  const std::int64_t rank = node.rank(0);
  Placed result;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (node.rank(i) != rank)
      node.fail(fmt::format("input {} has rank {}, input 0 has {}", i, node.rank(i), rank));
    if (node.placed(i).moved) result.moved = true;
    if (node.placed(i).channels != Channels::unknown) result.channels = node.placed(i).channels;
  }
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i)
    operands.push_back(result.moved ? node.with_last_axis_second(i) : node.in_file_order(i));
  const std::int64_t in_graph = result.moved ? moved_axis(axis, rank) : axis;
  result.id = node.add(op::Concat{.axis = in_graph}, std::move(operands));
  return result;
}

Placed stack(NodeContext& node) {
  node.require_inputs(1, kMaxInputs);
  op::Unsqueeze unsqueeze;
  unsqueeze.axes = Ints{node.field_int("axis")};
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i)
    operands.push_back(node.add(unsqueeze, {node.in_file_order(i)}));
  return {node.add(op::Concat{.axis = unsqueeze.axes->front()}, std::move(operands))};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_concat(uff::Registry& registry) {
  registry.add("Concat", uff::concat);
  registry.add("Stack", uff::stack);
}

}  // namespace tenon
