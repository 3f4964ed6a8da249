#include "quant/moments.hpp"

#include "base/check.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "quant/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace tenon::quant {
namespace {

constexpr std::size_t kWeightOperand = 1;

struct Window {
  std::vector<op::WindowAxis> axes;  // none: a product
  bool transposed = false;
};

Window window_of(const Op& op, const Shape& x, const Shape& weights) {
  const std::span<const std::int64_t> input(x.data() + std::min<std::size_t>(2, x.size()),
                                            x.data() + x.size());
  const std::span<const std::int64_t> kernel(weights.data() + 2, weights.data() + weights.size());
  if (const auto* conv = op.as<op::Conv>())
    return {op::resolve_window(op::window_fields(*conv), input, kernel), false};
  if (const auto* deconv = op.as<op::ConvTranspose>())
    return {op::resolve_conv_transpose(*deconv, input, kernel), true};
  return {};
}

// What tap k of an output position reads; -1: nothing.
std::int64_t tap_input(const op::WindowAxis& axis, std::int64_t position, std::int64_t k, bool transposed) {
  std::int64_t at = position * axis.stride - axis.pad_begin + k * axis.dilation;
  if (transposed) {
    at = position + axis.pad_begin - k * axis.dilation;
    at = at >= 0 && at % axis.stride == 0 ? at / axis.stride : -1;
  }
  return at >= 0 && at < axis.input ? at : -1;
}

// Where each tap of one output position reads, relative to a channel; -1: outside.
std::vector<std::int64_t> tap_offsets(const Window& window, std::int64_t position) {
  const std::vector<op::WindowAxis>& axes = window.axes;
  std::vector<std::int64_t> positions(axes.size());
  for (std::size_t a = axes.size(); a-- > 0;) {
    positions[a] = position % axes[a].output;
    position /= axes[a].output;
  }
  std::vector<std::int64_t> offsets = {0};
  for (std::size_t a = 0; a < axes.size(); ++a) {
    std::vector<std::int64_t> next;
    for (const std::int64_t offset : offsets) {
      for (std::int64_t k = 0; k < axes[a].kernel; ++k) {
        const std::int64_t at = tap_input(axes[a], positions[a], k, window.transposed);
        next.push_back(offset >= 0 && at >= 0 ? offset * axes[a].input + at : -1);
      }
    }
    offsets = std::move(next);
  }
  return offsets;
}

float rounded(float x, const Grid& grid) {
  if (!(grid.scale > 0)) return 0;
  return std::clamp(std::nearbyint(x / grid.scale), grid.low, grid.high) * grid.scale;
}

}  // namespace

InputMoments::InputMoments(const Graph& graph, const Layer& layer)
    : op_(graph.node(layer.node).op),
      weights_(graph.constant(graph.node(layer.node).inputs[kWeightOperand])->shape()),
      inputs_(layer.inputs),
      groups_(layer.group) {}

void InputMoments::add(const Tensor& x, const Grid& grid) {
  if (inputs_ > kMostInputs || x.elements() == 0) return;
  const auto inputs = static_cast<std::size_t>(inputs_);
  if (sums_.empty()) sums_.assign(static_cast<std::size_t>(groups_), std::vector<float>(inputs * inputs));
  patch_.resize(inputs);
  const float* const values = x.values<float>().data();
  const Window window = window_of(op_, x.shape(), weights_);
  if (window.axes.empty()) {
    const std::int64_t rows = x.elements() / inputs_;
    const std::int64_t count = std::min(rows, kPositions * x.shape()[0]);
    for (std::int64_t i = 0; i < count; ++i) {
      const float* row = values + i * rows / count * inputs_;
      for (std::size_t k = 0; k < inputs; ++k) patch_[k] = rounded(row[k], grid);
      add_position(0);
    }
    counted_ += count;
    return;
  }
  std::int64_t positions = 1;
  std::int64_t plane = 1;
  for (const op::WindowAxis& axis : window.axes) {
    positions *= axis.output;
    plane *= axis.input;
  }
  const std::int64_t count = std::min(positions, kPositions);
  const std::int64_t group_channels = x.shape()[1] / groups_;
  for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::vector<std::int64_t> offsets = tap_offsets(window, i * positions / count);
      for (std::int64_t g = 0; g < groups_; ++g) {
        const float* channel = values + (n * x.shape()[1] + g * group_channels) * plane;
        std::size_t k = 0;
        for (std::int64_t c = 0; c < group_channels; ++c, channel += plane) {
          for (const std::int64_t offset : offsets)
            patch_[k++] = offset < 0 ? 0.0F : rounded(channel[offset], grid);
        }
        add_position(static_cast<std::size_t>(g));
      }
    }
  }
  counted_ += count * x.shape()[0];
}

void InputMoments::add_position(std::size_t group) {
  const std::size_t inputs = patch_.size();
  float* row = sums_[group].data();
  for (std::size_t i = 0; i < inputs; ++i, row += inputs) {
    const float factor = patch_[i];
    if (factor == 0) continue;
    for (std::size_t j = i; j < inputs; ++j) row[j] += factor * patch_[j];
  }
}

Graph round_weights_by(const Graph& graph, const std::vector<Layer>& layers,
                       const std::vector<InputMoments>& moments) {
  TENON_CHECK(layers.size() == moments.size(), "{} layers, {} moments", layers.size(), moments.size());
  Graph result = graph;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!moments[l].suffices()) continue;
    Layer layer = layers[l];
    std::vector<float> rows = weight_rows(result, layer);
    const std::vector<float> scales = weight_scales(rows, layer.inputs);
    const auto channels = static_cast<std::ptrdiff_t>(layer.channels / layer.group);
    const auto size = static_cast<std::ptrdiff_t>(channels * layer.inputs);
    for (std::int64_t g = 0; g < layer.group; ++g) {
      const auto begin = rows.begin() + g * size;
      const auto scale = scales.begin() + g * channels;
      std::vector<float> part(begin, begin + size);
      round_rows(part, {scale, scale + channels}, layer.inputs,
                 factorize(moments[l].of_group(g), layer.inputs));
      std::copy(part.begin(), part.end(), begin);
    }
    replace_parameters(result, layer, rows, {});
  }
  return result;
}

}  // namespace tenon::quant
