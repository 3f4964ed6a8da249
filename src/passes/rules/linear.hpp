// Operators that are linear in their weights, with a bias and an epilogue: conv, conv_transpose, matmul. What
// the absorbing rules need to know of them.
#pragma once

#include "passes/rules/match.hpp"

#include <optional>

namespace tenon::rules {

struct Linear {
  NodeId node;
  std::size_t channel_axis = 1;  // of the result, where the bias lies
  std::int64_t channels = 0;
  std::size_t rank = 0;  // of the result
};

// Nothing unless the value comes from such a node with constant weights and bias, without an epilogue, that
// only `user` reads.
std::optional<Linear> match_linear(const Graph& graph, ValueId value, NodeId user,
                                   const RuleContext& context);

// How a constant that is combined with the result lies along its channels; `other` when it would widen the
// result.
Spread channel_spread(const Graph& graph, const Linear& linear, ValueId constant);

// The constant as [channels]: reshaped, or expanded from one element.
ValueId add_channel_vector(Patch& patch, const Linear& linear, ValueId constant, Spread how);

// The weights times a vector over the output channels ([channels]).
ValueId add_scaled_weights(Patch& patch, const Graph& graph, const Linear& linear, ValueId scales);

}  // namespace tenon::rules
