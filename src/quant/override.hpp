// What overrides of precision say of a node.
#pragma once

#include "ir/graph.hpp"

#include <tenon/int8.hpp>

#include <vector>

namespace tenon::quant {

// Whether the override names the node: by its location in the model, or by a value that it computes.
bool concerns(const PrecisionOverride& order, const Graph& graph, const Node& node);

// Whether the last override that names the node keeps it in FP32.
bool stays_float(const std::vector<PrecisionOverride>& orders, const Graph& graph, const Node& node);

}  // namespace tenon::quant
