#include "quant/weights.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tenon::quant {
namespace {

// A tensor as [outer, length, inner] around one axis.
struct AxisView {
  std::size_t outer = 1, length = 1, inner = 1;

  AxisView(const Shape& shape, std::size_t axis) {
    TENON_REQUIRE(axis < shape.size(), "weights of rank {} have no axis {}", shape.size(), axis);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const auto dim = static_cast<std::size_t>(shape[i]);
      (i < axis ? outer : i == axis ? length : inner) *= dim;
    }
  }
};

struct WeightGrid {
  float scale = 1;
  float zero = 0;
  float low = -127;
  float high = 127;

  float code(float w) const { return std::clamp(std::nearbyint(w / scale) + zero, low, high); }
  float restored(float w) const { return (code(w) - zero) * scale; }
};

double squared_error(const std::vector<float>& group, const WeightGrid& grid) {
  double sum = 0;
  for (const float w : group) {
    const double error = static_cast<double>(w) - static_cast<double>(grid.restored(w));
    sum += error * error;
  }
  return sum;
}

// A scale that underflows to nothing stands for zeros.
float usable(float scale) { return scale > 0 ? scale : 1.0F; }

WeightGrid best_symmetric(const std::vector<float>& group) {
  float most = 0;
  for (const float w : group) most = std::max(most, std::fabs(w));
  WeightGrid best;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= 8; ++step) {
    const float divisor = 7.0F + 0.25F * static_cast<float>(step);
    const WeightGrid grid{usable(most / divisor), 0, -8, 7};
    const double error = squared_error(group, grid);
    if (error < least) {
      best = grid;
      least = error;
    }
  }
  return best;
}

WeightGrid best_asymmetric(const std::vector<float>& group) {
  float low = 0;
  float high = 0;
  for (const float w : group) {
    low = std::min(low, w);
    high = std::max(high, w);
  }
  WeightGrid best;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= 5; ++step) {
    const float shrink = 1.0F - 0.05F * static_cast<float>(step);
    // Halves, as the length of the range may be more than a float holds.
    const float scale = usable(shrink * (high / 15.0F - low / 15.0F));
    const WeightGrid grid{scale, std::clamp(std::nearbyint(-shrink * low / scale), 0.0F, 15.0F), 0, 15};
    const double error = squared_error(group, grid);
    if (error < least) {
      best = grid;
      least = error;
    }
  }
  return best;
}

void store(Tensor& tensor, std::size_t at, float code) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(tensor.mutable_data());
  const auto bits = static_cast<std::uint8_t>(static_cast<int>(code));
  if (tensor.dtype() == DataType::i8) {
    bytes[at] = bits;
  } else {
    bytes[at / 2] |= static_cast<std::uint8_t>((bits & 15U) << (at % 2 * 4));
  }
}

// Every group of `block` consecutive places along the axis, of the whole tensor (`whole`) or at one place of
// all other axes, on the grid that `choose` finds for it.
template <class Choose>
QuantizedWeights quantize_groups(const Tensor& weights, std::size_t axis, std::size_t block, bool whole,
                                 DataType dtype, bool zeros, Choose choose) {
  const std::span<const float> values = weights.values<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float w) { return !std::isfinite(w); });
  TENON_REQUIRE(bad == values.end(), "weight {} is {}", bad - values.begin(), *bad);

  const AxisView view(weights.shape(), axis);
  const std::size_t blocks = (view.length + block - 1) / block;
  QuantizedWeights result;
  Shape scale_shape = weights.shape();
  scale_shape[axis] = static_cast<std::int64_t>(blocks);
  if (whole) scale_shape = {static_cast<std::int64_t>(blocks)};
  result.values = Tensor(dtype, weights.shape());
  result.scales = Tensor(DataType::f32, scale_shape);
  if (zeros) result.zeros = Tensor(dtype, scale_shape);

  double signal = 0;
  double noise = 0;
  std::vector<float> group;
  std::vector<std::size_t> places;
  const auto quantize_group = [&](std::size_t at) {
    const WeightGrid grid = choose(group);
    result.scales.mutable_values<float>()[at] = grid.scale;
    if (zeros) store(result.zeros, at, grid.zero);
    for (std::size_t i = 0; i < group.size(); ++i) {
      store(result.values, places[i], grid.code(group[i]));
      signal += static_cast<double>(group[i]) * static_cast<double>(group[i]);
    }
    noise += squared_error(group, grid);
    group.clear();
    places.clear();
  };
  const auto gather = [&](std::size_t outer, std::size_t b, std::size_t inner) {
    for (std::size_t d = b * block; d < std::min(view.length, (b + 1) * block); ++d) {
      places.push_back((outer * view.length + d) * view.inner + inner);
      group.push_back(values[places.back()]);
    }
  };
  for (std::size_t outer = 0; outer < (whole ? 1 : view.outer); ++outer) {
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t inner = 0; inner < (whole ? 1 : view.inner); ++inner) {
        if (!whole) {
          gather(outer, b, inner);
          quantize_group((outer * blocks + b) * view.inner + inner);
          continue;
        }
        for (std::size_t o = 0; o < view.outer; ++o) {
          for (std::size_t i = 0; i < view.inner; ++i) gather(o, b, i);
        }
        quantize_group(b);
      }
    }
  }
  result.sqnr_db = sqnr_db(signal, noise);
  return result;
}

}  // namespace

float channel_scale(std::span<const float> weights, float least) {
  float most = 0;
  for (const float w : weights) most = std::max(most, std::fabs(w));
  return usable(std::max(most / WeightGrid().high, least));
}

float rounded_weight(float w, float scale) { return WeightGrid{scale}.restored(w); }

double sqnr_db(double signal, double noise) {
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

QuantizedWeights quantize_channels(const Tensor& weights, std::size_t axis, std::span<const float> least) {
  std::size_t channel = 0;
  const auto grid = [&](const std::vector<float>& group) {
    return WeightGrid{channel_scale(group, least.empty() ? 0.0F : least[channel++])};
  };
  return quantize_groups(weights, axis, 1, true, DataType::i8, false, grid);
}

QuantizedWeights quantize_blocks(const Tensor& weights, std::size_t axis, std::int64_t block,
                                 bool asymmetric) {
  TENON_REQUIRE(block >= 1, "blocks of {} weights", block);
  const auto size = static_cast<std::size_t>(block);
  if (asymmetric) return quantize_groups(weights, axis, size, false, DataType::u4, true, best_asymmetric);
  return quantize_groups(weights, axis, size, false, DataType::i4, false, best_symmetric);
}

}  // namespace tenon::quant
