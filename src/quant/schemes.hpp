// The schemes of tenon/quantize.hpp, as rewrites of a graph whose scales and offsets went into the weights.
#pragma once

#include "ir/graph.hpp"

#include <tenon/quantize.hpp>

namespace tenon::quant {

// Weights become stored integers that a dequantize_linear turns into floats in front of their node.
void quantize_weights(Graph& graph, const QuantizeOptions& options, QuantizeReport& report);

// Convolutions and products become those of integers: x is quantized by its own range while running, the sums
// are multiplied by both scales, the bias is added as floats. Where several read one value, it is quantized
// once.
void quantize_dynamically(Graph& graph, const QuantizeOptions& options, QuantizeReport& report);

// quantize_linear and dequantize_linear around what runs on integers, by the ranges of options.int8. The
// graph was given to name_observed_values() before any pass. ModelError without ranges.
void quantize_statically(Graph& graph, const QuantizeOptions& options, QuantizeReport& report);

}  // namespace tenon::quant
