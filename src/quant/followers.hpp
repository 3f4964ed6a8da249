// Which observed tensors need no counting, since their values are those of others: moved, joined, padded with
// zeros, or clamped to [low, high], where low is 0 or none.
#pragma once

#include "ir/graph.hpp"
#include "quant/histogram.hpp"
#include "quant/observed_values.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tenon::quant {

struct Clamped {
  std::size_t tensor = 0;  // index of an observed value that is counted
  float low = -kUnlimited;
  float high = kUnlimited;
  // So many zeros come with so many of its elements.
  std::uint64_t zeros = 0;
  std::uint64_t per = 1;

  bool operator==(const Clamped&) const = default;
};

// For each of the values what it consists of; of itself alone, unclamped, where it has to be counted. One
// tensor is clamped to at most one finite `high`.
std::vector<std::vector<Clamped>> followers(const Graph& graph, std::span<const ObservedValue> values);

}  // namespace tenon::quant
