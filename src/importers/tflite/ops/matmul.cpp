// FULLY_CONNECTED with weights [units, inputs], BATCH_MATMUL.
#include "ops/matmul.hpp"

#include "importers/tflite/node_context.hpp"
#include "ops/reshape.hpp"

#include <fmt/format.h>

namespace tenon::tflite {
namespace {

std::vector<Placed> fully_connected(NodeContext& node) {
  enum : std::size_t { activation, weights_format, keep_num_dims };
  if (node.options().scalar<std::int8_t>(weights_format, 0) != 0)
    node.fail("shuffled weights are not supported");
  const Dims weights = node.dims(1);
  if (weights.size() != 2 || !weights[1].is_const()) node.fail("the weights must be a matrix of known size");
  ValueId x = node.in_file_order(0);
  const bool keep = node.options().scalar<std::uint8_t>(keep_num_dims, 0) != 0;
  if (node.rank(0) != 2 && !keep) x = node.reshape(x, {-1, weights[1].value()});
  std::vector<ValueId> operands = {x, node.in_file_order(1)};
  if (node.has(2)) operands.push_back(node.in_file_order(2));
  op::MatMul op;
  op.transpose_b = true;
  return one(node.activate(node.add(std::move(op), std::move(operands)), activation));
}

std::vector<Placed> batch_matmul(NodeContext& node) {
  enum : std::size_t { adj_x, adj_y };
  op::MatMul op;
  op.transpose_a = node.options().scalar<std::uint8_t>(adj_x, 0) != 0;
  op.transpose_b = node.options().scalar<std::uint8_t>(adj_y, 0) != 0;
  return one(node.add(std::move(op), {node.in_file_order(0), node.in_file_order(1)}));
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_matmul(tflite::Registry& registry) {
  registry.add(9, "FULLY_CONNECTED", tflite::fully_connected);
  registry.add(126, "BATCH_MATMUL", tflite::batch_matmul);
}

}  // namespace tenon
