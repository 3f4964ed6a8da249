#include "exporters/onnx/lower.hpp"

#include "exporters/onnx/registry.hpp"
#include "ir/decompose.hpp"

#include <algorithm>

namespace tenon::onnx_export {
namespace {

bool has_program(const Op& op) {
  const AttributeList attributes = op.attributes();
  return std::any_of(attributes.begin(), attributes.end(), [](const Attribute& attribute) {
    const auto* program = std::get_if<PointwiseProgram>(&attribute.value);
    return program != nullptr && !program->empty();
  });
}

bool decompose(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!node.op.can_decompose()) return false;
  if (registry().find(node.op.name()) != nullptr && !has_program(node.op)) return false;
  if (!decompose_node(graph, id, false)) return false;
  graph.erase(id);
  return true;
}

}  // namespace

void lower(Graph& graph) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const NodeId id : graph.all_nodes()) {
      if (graph.node(id).alive && decompose(graph, id)) changed = true;
    }
  }
}

}  // namespace tenon::onnx_export
