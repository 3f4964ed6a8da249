#include "exporters/onnx/lower.hpp"

#include "base/context.hpp"
#include "exporters/onnx/registry.hpp"
#include "ir/patch.hpp"

#include <fmt/format.h>

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
  return in_context(
      [&] {
        Patch patch(graph, id);
        const std::vector<ValueId> parts = node.op.decompose(patch, node.inputs);
        if (parts.empty()) return false;
        const std::vector<ValueId> outputs = node.outputs;
        for (std::size_t i = 0; i < parts.size() && i < outputs.size(); ++i) {
          if (parts[i].valid()) patch.replace(outputs[i], parts[i]);
        }
        graph.apply(std::move(patch));
        graph.erase(id);
        return true;
      },
      [&] { return fmt::format("decomposing '{}'", graph.node(id).location); });
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
