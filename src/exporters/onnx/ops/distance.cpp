// Distances of rows.
#include "exporters/onnx/node_writer.hpp"
#include "ops/pairwise.hpp"

namespace tenon::onnx_export {
namespace {

// [N, 1, F] - [1, S, F], squared and summed.
void squared_distance(NodeWriter& node) {
  const Name a = node.add("Unsqueeze", {node.input(0), node.ints({1})});
  const Name b = node.add("Unsqueeze", {node.input(1), node.ints({0})});
  node.finish("ReduceSumSquare", {node.add("Sub", {a, b}), node.ints({2})}, {{"keepdims", std::int64_t{0}}});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_distance(onnx_export::Registry& registry) {
  registry.add("squared_distance", onnx_export::squared_distance);
}

}  // namespace tenon
