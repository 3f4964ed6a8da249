// FullyConnected: a matrix product; its orders say which operand lies transposed. An input of higher rank is
// taken as a row for each element of the batch.
#include "importers/uff/node_context.hpp"
#include "ops/flatten.hpp"
#include "ops/matmul.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

Placed fully_connected(NodeContext& node) {
  node.require_inputs(2, 2);
  const auto orders = node.orders({"NC", "NC"});
  ValueId left = node.in_file_order(0);
  if (node.rank(0) > 2 && orders[0].starts_with("NC")) {
    left = node.add(op::Flatten{1}, {left});
  } else if (node.rank(0) != 2) {
    node.fail(fmt::format("input 0 has rank {}, expected a matrix", node.rank(0)));
  }
  if (node.rank(1) != 2) node.fail(fmt::format("input 1 has rank {}, expected a matrix", node.rank(1)));
  op::MatMul op;
  op.transpose_a = orders[0] == "CN";
  op.transpose_b = orders[1] == "NC";  // [K, C]
  return {node.add(std::move(op), {left, node.in_file_order(1)})};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_fully_connected(uff::Registry& registry) {
  registry.add("FullyConnected", uff::fully_connected);
}

}  // namespace tenon
