// Random graphs that are valid by construction, and how far correct evaluations of them may lie apart.
//
// While a graph grows, three things are known of every value: a bound on its elements, a bound on the
// rounding error of any correct evaluation (each operator adds epsilon × what it sums, and passes on what
// its operands had times its Lipschitz constant), and, where it holds, that all elements are multiples of
// 2^-fraction_bits small enough for every order of summation to be exact. Operators that jump (comparisons,
// floor, arg_max, casts to integers) are applied to exact values only, so the tolerances are sound.
#pragma once

#include "base/random.hpp"
#include "ir/graph.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon::test {

// Uniform in [0, bound): where all decisions of the generator come from.
using Choices = std::function<std::uint32_t(std::uint32_t bound)>;

struct Known {
  double magnitude = 1;   // |x| <= magnitude
  double error = 0;       // |x - reference| <= error
  int fraction_bits = 0;  // of exact values; others have kInexact

  static constexpr int kInexact = -1;
  bool exact() const noexcept { return fraction_bits != kInexact; }
};

struct RandomGraph {
  Graph graph{"random"};
  std::vector<Known> outputs;            // as graph.outputs()
  std::vector<std::string> productions;  // what was added, in order
  std::vector<Known> inputs;             // as graph.inputs()
};

inline constexpr std::int64_t kLargestBatch = 4;  // of the symbol N, from 1

// `size` operators, or groups of them, at most. The graph of a smaller size is the beginning of that of a
// larger one under the same choices, so a failure shrinks by trying smaller sizes.
RandomGraph random_graph(const Choices& choices, std::size_t size);
RandomGraph random_graph(std::uint64_t seed, std::size_t size);

// Inputs that keep to what is known of them, for a value of N.
std::vector<Tensor> random_inputs(const RandomGraph& random, std::int64_t batch, Random& source);

void set(Tensor& tensor, std::int64_t index, double value);  // converted to the tensor's dtype
void fill(Tensor& tensor, const Known& known, Random& source);

// The first element of `found` that is further from `expected` than `known` allows, described; empty: none.
std::string difference(const Tensor& expected, const Tensor& found, const Known& known);

}  // namespace tenon::test
