// Graphs that go out as ONNX and come back.
#pragma once

#include "ir/graph.hpp"

namespace tenon::test {

// Writes the graph as ONNX and imports that; expects the names of inputs and outputs to survive.
Graph through_onnx(const Graph& graph);

// The graph after the passes of a build.
Graph optimized(Graph graph);

}  // namespace tenon::test
