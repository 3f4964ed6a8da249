// What can be quantized: convolutions, transposed convolutions and matrix products of constant f32 weights.
#pragma once

#include "ir/graph.hpp"

#include <tenon/quantize.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::quant {

struct Target {
  NodeId node;
  std::string name;              // for reports
  std::size_t channel_axis = 0;  // of the weights: output channels
  std::size_t inner_axis = 0;    // of the weights: what a sum runs over
};

// In the order of execution, regions included. Nodes of these kinds that cannot be quantized, or that a
// pattern of `exclude` fits, go into `kept` with the reason. ModelError for a pattern that fits no node.
std::vector<Target> find_targets(const Graph& graph, const std::vector<std::string>& exclude,
                                 std::vector<QuantizeReport::Kept>& kept);

// What a node is called: its location, else the name of its first result, else its operator.
std::string node_label(const Graph& graph, NodeId node);

// Whether the pattern fits the label, or one of the names that it is made of, which " + " joins.
bool fits_pattern(const std::string& label, std::string_view pattern);

// "i4[512,512] in blocks of 32": weights for a report; block 0: per channel.
std::string describe_weights(const Tensor& values, std::int64_t block);

}  // namespace tenon::quant
