// Graphs that go out as ONNX and come back.
#pragma once

#include "ir/graph.hpp"

#include <set>
#include <string>

namespace tenon::test {

// Writes the graph as ONNX and imports that; expects the names of inputs and outputs to survive.
Graph through_onnx(const Graph& graph);

// Operators without a form in ONNX: what is placed while a plan is made and is in no graph that a user sees;
// and trees, tables and maps, which ai.onnx.ml has but not ai.onnx.
const std::set<std::string>& unwritten_operators();

// The graph after the passes of a build.
Graph optimized(Graph graph);

}  // namespace tenon::test
