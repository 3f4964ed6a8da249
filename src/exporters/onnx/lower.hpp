// Lowering: fused operators become what they are made of, as far as ONNX has no operator of its own for them.
#pragma once

#include "ir/graph.hpp"

namespace tenon::onnx_export {

// Repeats until every node has a writer, or no parts.
void lower(Graph& graph);

}  // namespace tenon::onnx_export
