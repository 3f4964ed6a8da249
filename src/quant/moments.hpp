// Second moments of what layers read: Σ x xᵀ, which adaptive rounding goes by.
#pragma once

#include "quant/simulate.hpp"

#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenon::quant {

class InputMoments {
 public:
  // Positions of a result that count, of each sample; they are spread evenly.
  static constexpr std::int64_t kPositions = 64;
  // Layers with more inputs per output channel are left out: the moments take inputs² floats.
  static constexpr std::int64_t kMostInputs = 2304;

  InputMoments(const Graph& graph, const Layer& layer);

  // `x`: what the layer reads, f32; rounded to `grid` first.
  void add(const Tensor& x, const Grid& grid);

  // Enough was seen to go by: twice as many positions as inputs.
  bool suffices() const noexcept { return counted_ >= 2 * inputs_; }
  // [inputs, inputs]; nothing below the diagonal.
  const std::vector<float>& of_group(std::int64_t group) const {
    return sums_.at(static_cast<std::size_t>(group));
  }

 private:
  void add_position(std::size_t group);

  Op op_;
  Shape weights_;
  std::int64_t inputs_;
  std::int64_t groups_;
  std::int64_t counted_ = 0;
  std::vector<std::vector<float>> sums_;
  std::vector<float> patch_;
};

// The graph with the weights of those layers rounded whose moments suffice; moments by layer. In every output
// channel the largest weight stays, so that the channel keeps its scale.
Graph round_weights_by(const Graph& graph, const std::vector<Layer>& layers,
                       const std::vector<InputMoments>& moments);

}  // namespace tenon::quant
