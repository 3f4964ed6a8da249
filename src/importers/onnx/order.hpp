// Execution order of the nodes of one graph.
#pragma once

#include "importers/onnx/model.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace tenon::onnx {

// Names that a node uses: its inputs and what its subgraphs capture.
std::vector<std::string_view> used_names(const NodeDef& node);

struct Order {
  std::vector<std::size_t>
      nodes;  // positions in the order to import, as they stand in the file where possible
  std::vector<std::size_t> cyclic;  // each depends on itself, or lies between nodes that do
  std::vector<std::size_t> after;   // cannot run because they depend on those
};

Order execution_order(const std::vector<NodeDef>& nodes);

}  // namespace tenon::onnx
