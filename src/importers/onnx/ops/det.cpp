#include "ops/det.hpp"

#include "importers/onnx/converters.hpp"

namespace tenon::onnx {
namespace {

Values det(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::Det{}, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_det(onnx::Registry& registry) { registry.add("Det", onnx::det, {11}); }

}  // namespace tenon
