// Cuts parts out of a graph.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"

#include <vector>

namespace tenon {

// A graph whose body is that node. Its inputs are the node's present operands in order, then the values that
// its regions capture; its outputs are the node's.
Graph extract_node(const Graph& graph, NodeId node);

// What symbols for dims that are known only while running are taken to be; such a dim has no bound.
inline constexpr std::int64_t kOpenDim = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t kOpenDimGuess = 8;

// A region as a graph of its own. Its inputs are the region's parameters, then what it captures; its outputs
// are the region's results. Constants that it captures are part of it.
struct RegionGraph {
  Graph graph;
  std::vector<ValueId> captures;    // of the graph around, as the inputs behind the parameters
  std::vector<PlanSymbol> symbols;  // in place of dims of the inputs that nobody knows
};
RegionGraph extract_region(const Graph& graph, RegionId region);

}  // namespace tenon
