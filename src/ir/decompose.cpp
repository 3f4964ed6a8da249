#include "ir/decompose.hpp"

#include "base/context.hpp"
#include "ir/patch.hpp"

#include <fmt/format.h>

namespace tenon {

bool decompose_node(Graph& graph, NodeId id, bool move_taps) {
  const Node& node = graph.node(id);
  if (!node.op.can_decompose()) return false;
  return in_context(
      [&] {
        Patch patch(graph, id);
        const std::vector<ValueId> parts = node.op.decompose(patch, node.inputs);
        if (parts.empty()) return false;
        const std::vector<ValueId> outputs = node.outputs;
        for (std::size_t i = 0; i < parts.size() && i < outputs.size(); ++i) {
          if (parts[i].valid()) patch.replace(outputs[i], parts[i]);
        }
        patch.move_taps(move_taps);
        graph.apply(std::move(patch));
        return true;
      },
      [&] { return fmt::format("decomposing '{}'", graph.node(id).location); });
}

}  // namespace tenon
