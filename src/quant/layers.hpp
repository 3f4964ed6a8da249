// The layers that INT8 is for: convolutions, transposed ones and products with constant weights. What the
// rest of this folder needs to know of them, and their weights as rows, one for each output channel.
#pragma once

#include "ir/graph.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tenon::quant {

struct Layer {
  NodeId node;
  std::string name;        // location of the node, or the name of its result; unique among the layers
  std::string input_name;  // of the value that it reads, as observed_values() names it
  ValueId input, output;
  std::int64_t channels = 0;  // of the result
  std::int64_t group = 1;     // channels / group of them read the same part of the input
  std::int64_t inputs = 0;    // weights of an output channel: input channels / group, times kernel
  std::int64_t kernel = 1;    // elements of the kernel
  bool transposed = false;  // the weights are [inputs, channels, kernel…], not [channels, inputs, kernel…]
  std::size_t channel_axis = 1;  // of the result
  std::size_t rank = 0;          // of the result
};

// In the order of the graph's body. A convolution has f32 weights and, where it has one, a bias, both
// constant, and no epilogue; a transposed one has one group; a product has a second operand of rank 2 and a
// factor of 1.
std::vector<Layer> quantizable_layers(const Graph& graph);

// weights[channel * layer.inputs + i], i = input channel * layer.kernel + place in the kernel.
std::vector<float> weight_rows(const Graph& graph, const Layer& layer);

// As they are stored, with these rows.
Tensor weights_of_rows(const Graph& graph, const Layer& layer, const std::vector<float>& rows);

// max |w| / 127 of each row, in float; 1 for a row of zeros.
std::vector<float> weight_scales(const std::vector<float>& rows, std::int64_t inputs);

// round(w / scale) · scale with integers in ±127.
void round_weights(std::vector<float>& rows, const std::vector<float>& scales, std::int64_t inputs);

// [channels]; zeros when the layer has none.
std::vector<float> bias_of(const Graph& graph, const Layer& layer);

// The layer's weights (rows) and bias replaced. An empty vector: as it is. The layer's node becomes another
// one.
void replace_parameters(Graph& graph, Layer& layer, const std::vector<float>& rows,
                        const std::vector<float>& bias);

// The layers of these names with the weights and biases that they have in `other`, a graph of the same
// layers.
Graph with_parameters_of(const Graph& graph, const Graph& other, const std::set<std::string>& names);

}  // namespace tenon::quant
