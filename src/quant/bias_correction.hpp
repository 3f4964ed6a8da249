// Bias correction: what rounding adds to a layer's results on average is taken off its bias.
//
// Source: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through Weight
// Equalization and Bias Correction", ICCV 2019, section 4.2, in its empirical form.
#pragma once

#include "quant/simulate.hpp"

#include <vector>

namespace tenon::quant {

// bias[c] - error[c] / positions for each layer; layers as quantizable_layers() gives them, with their
// losses. Layers without positions stay as they are.
Graph correct_bias(const Graph& graph, const std::vector<Layer>& layers,
                   const std::vector<LayerLoss>& losses);

}  // namespace tenon::quant
