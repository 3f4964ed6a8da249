// Quantization simulated in floats: every layer on its own, inputs and weights rounded to what integers can
// say.
#pragma once

#include "quant/layers.hpp"

#include <tenon/int8.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::quant {

// The numbers that a quantized tensor can hold: scale · k for integers k from `low` to `high`.
struct Grid {
  float scale = 0;  // 0: the tensor holds nothing but zeros
  float low = -128;
  float high = 127;

  // That placement would give the range; see quanta_of().
  static Grid of(const TensorRange& range, ActivationScheme scheme = ActivationScheme::symmetric);
};

struct GridNumber {
  std::string_view name;
  float value;
};
// What rounding takes of a grid, clamp(round(x / scale), low, high) · scale: a positive scale, low, high. A
// tensor of zeros has the grid {0}.
std::array<GridNumber, 3> numbers_of(const Grid& grid);

// The graph with the inputs and the weights of these layers rounded; grids by layer.
Graph simulate(const Graph& graph, const std::vector<Layer>& layers, const std::vector<Grid>& grids);

// What one layer loses when it alone is quantized, summed over what was seen. y is its result, r the one with
// inputs and weights rounded.
struct LayerLoss {
  double signal = 0;          // Σ y²
  double noise = 0;           // Σ (r - y)²
  std::vector<double> error;  // by output channel: Σ (r - y)
  double positions = 0;       // summed for each channel

  double sqnr_db() const;  // 10 lg(signal / noise)
  void add(const LayerLoss& other);
  // What is left once the mean error of every channel has been taken off.
  LayerLoss without_mean() const;
};

// A graph that computes, beside its own outputs, the losses of the layers; their outputs have the names that
// follow, i the index of the layer. The grids of their inputs are inputs of it, so that one engine measures
// any number of them. `weights`: the same graph with other weights, which are the ones to round.
Graph with_losses(const Graph& graph, const std::vector<Layer>& layers, const Graph* weights = nullptr);
std::string grid_name(std::size_t i, std::string_view number);  // f32[], `number` one of GridNumber's names
std::string signal_name(std::size_t i);                         // f32[]
std::string noise_name(std::size_t i);                          // f32[]
std::string size_name(std::size_t i);                           // i64[]: elements of the layer's result
std::string error_name(std::size_t i);                          // f32[channels]

}  // namespace tenon::quant
