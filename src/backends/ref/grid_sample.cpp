#include "ops/grid_sample.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

using op::GridMode;
using op::GridPadding;

// Folds a coordinate back into [low, high] at both ends.
double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double distance = x < low ? low - x : x - high;
  if (distance <= 0) return x;
  const double turns = std::floor(distance / range);
  const double rest = distance - turns * range;
  const bool at_low = (x < low) == (std::fmod(turns, 2.0) == 0);
  return at_low ? low + rest : high - rest;
}

// The axis element that `x` stands for after padding, or -1 for a zero (and for NaN).
std::int64_t padded_position(const op::GridSample& op, double x, std::int64_t size) {
  const auto last = static_cast<double>(size - 1);
  if (std::isnan(x) || size == 0) return -1;
  if (op.padding == GridPadding::zeros) return x < 0 || x > last ? -1 : static_cast<std::int64_t>(x);
  if (op.padding == GridPadding::reflection)
    x = op.align_corners ? reflect(x, 0, last) : reflect(x, -0.5, last + 0.5);
  return static_cast<std::int64_t>(std::clamp(x, 0.0, last));
}

// Positions and weights along one axis.
struct AxisTaps {
  std::vector<std::int64_t> positions;
  std::vector<double> weights;
};

double grid_cubic_weight(double distance) {
  constexpr double kA = -0.75;
  const double d = std::fabs(distance);
  if (d <= 1) return ((kA + 2) * d - (kA + 3)) * d * d + 1;
  return d < 2 ? ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA : 0;
}

AxisTaps axis_taps(const op::GridSample& op, double normalized, std::int64_t size) {
  const auto length = static_cast<double>(size);
  double x = op.align_corners ? (normalized + 1) / 2 * (length - 1) : ((normalized + 1) * length - 1) / 2;
  if (op.mode == GridMode::nearest) x = round_half_even(x);
  const double low = op.align_corners ? 0 : -0.5;
  const double high = op.align_corners ? length - 1 : length - 0.5;
  // Of the four elements that a cubic takes, each is bounded by itself.
  if (op.padding == GridPadding::border && op.mode != GridMode::cubic) x = std::clamp(x, 0.0, length - 1);
  if (op.padding == GridPadding::reflection) x = reflect(x, low, high);

  AxisTaps taps;
  const double floor = std::floor(x);
  const int first = op.mode == GridMode::cubic ? -1 : 0;
  const int last = op.mode == GridMode::cubic ? 2 : 1;
  if (op.mode == GridMode::nearest) {
    taps.positions.push_back(padded_position(op, round_half_even(x), size));
    taps.weights.push_back(1);
    return taps;
  }
  for (int k = first; k <= last; ++k) {
    const double at = floor + k;
    const double distance = x - at;
    taps.positions.push_back(padded_position(op, at, size));
    taps.weights.push_back(op.mode == GridMode::cubic ? grid_cubic_weight(distance)
                                                      : 1 - std::fabs(distance));
  }
  return taps;
}

double sample(const double* plane, std::span<const std::int64_t> sizes, const std::vector<AxisTaps>& taps) {
  const std::vector<std::int64_t> strides = strides_of(sizes);
  std::vector<std::int64_t> counts;
  counts.reserve(taps.size());
  for (const AxisTaps& axis : taps) counts.push_back(static_cast<std::int64_t>(axis.positions.size()));
  double sum = 0;
  for_each_index(counts, [&](std::span<const std::int64_t> index) {
    double weight = 1;
    std::int64_t offset = 0;
    bool inside = true;
    for (std::size_t d = 0; d < taps.size(); ++d) {
      const auto k = static_cast<std::size_t>(index[d]);
      inside = inside && taps[d].positions[k] >= 0;
      weight *= taps[d].weights[k];
      offset += taps[d].positions[k] * strides[d];
    }
    if (inside && weight != 0) sum += weight * plane[offset];
  });
  return sum;
}

void run_grid_sample(const Op& op, const Call& call) {
  const auto& grid_sample = *op.as<op::GridSample>();
  const Shape& xs = call.in(0).shape();
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> grid = to_doubles(call.in(1));
  const std::span<const std::int64_t> sizes = std::span(xs).subspan(2);
  const std::size_t rank = sizes.size();
  const std::int64_t plane = element_count(sizes);
  const std::int64_t points =
      xs[0] == 0 ? 0 : call.in(1).elements() / xs[0] / static_cast<std::int64_t>(rank);
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()));
  for (std::int64_t n = 0; n < xs[0]; ++n) {
    for (std::int64_t point = 0; point < points; ++point) {
      const double* position = grid.data() + (n * points + point) * static_cast<std::int64_t>(rank);
      std::vector<AxisTaps> taps;
      for (std::size_t d = 0; d < rank; ++d)
        taps.push_back(axis_taps(grid_sample, position[rank - 1 - d], sizes[d]));
      for (std::int64_t c = 0; c < xs[1]; ++c) {
        y[static_cast<std::size_t>((n * xs[1] + c) * points + point)] =
            sample(x.data() + (n * xs[1] + c) * plane, sizes, taps);
      }
    }
  }
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_grid_sample(ref::Registry& registry) { registry.add("grid_sample", ref::run_grid_sample); }

}  // namespace tenon
