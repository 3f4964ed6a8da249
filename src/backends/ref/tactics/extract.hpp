// Cuts one node with its regions out of a graph.
#pragma once

#include "ir/graph.hpp"

namespace tenon {

// A graph whose body is that node. Its inputs are the node's present operands in order, then the values that
// its regions capture; its outputs are the node's.
Graph extract_node(const Graph& graph, NodeId node);

}  // namespace tenon
