// Equalization: channels of a tensor between two layers are scaled to similar ranges, so that one scale for
// the whole tensor suits them all. The first layer's weights and biases take the inverse, the second one's
// weights the factor; the functions in between must not care (f(s x) = s f(x) for s > 0).
//
// Sources: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through Weight
// Equalization and Bias Correction", ICCV 2019, section 4.1: the rescaling, through depthwise convolutions
// too. G. Xiao, J. Lin, M. Seznec, H. Wu, J. Demouth, S. Han, "SmoothQuant", ICML 2023: factors from the
// ranges of activations, since weights have a scale for each output channel already.
#pragma once

#include "quant/layers.hpp"

#include <string>
#include <vector>

namespace tenon::quant {

// layers[second] is the only one that reads what layers[first] computes, through functions that keep positive
// factors of channels: relu, leaky_relu, max_pool, average_pool, global pools.
struct Link {
  std::size_t first = 0;
  std::size_t second = 0;
};

std::vector<Link> find_links(const Graph& graph, const std::vector<Layer>& layers);

// A graph that computes, beside its own outputs, max |x| of every channel of what the second layers read.
Graph with_channel_maxima(const Graph& graph, const std::vector<Layer>& layers,
                          const std::vector<Link>& links);
std::string maximum_name(std::size_t link);  // f32[channels]

// What channels of the tensor between are divided by, powers of two: scaling by them changes no bit of the
// float network's answers (but of denormal numbers). a[c] is the channel's max |x|, b[c] the largest |w| that
// it is multiplied by. A second layer that is depthwise has a scale for each channel's weights, so only the
// tensor counts: 2^round(lg2(a[c] / max a)). Otherwise both share the spread: 2^round(lg2(√(a[c] / b[c]))),
// divided by the power that brings the largest channel back to where it was. 1 for channels that are 0.
std::vector<float> equalizing_factors(const std::vector<float>& a, const std::vector<float>& b,
                                      bool depthwise);

// Every input channel has output channels of its own.
bool is_depthwise(const Layer& layer);

// max |w| by input channel.
std::vector<float> input_channel_maxima(const Graph& graph, const Layer& layer);

// factors[i]: of links[i], by channel; none: the link stays as it is.
Graph equalize(const Graph& graph, std::vector<Layer> layers, const std::vector<Link>& links,
               const std::vector<std::vector<float>>& factors);

}  // namespace tenon::quant
