// resize, one axis after the other: every output position of an axis is a weighted sum of input positions.
#include "ops/resize.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

using op::CoordinateTransform;
using op::NearestMode;
using op::ResizeMode;

struct RoiRange {
  double start = 0;
  double end = 1;
};

// Where output position `x` lies on the input axis.
double input_coordinate(CoordinateTransform transform, const op::ResizeAxis& axis, const RoiRange& roi,
                        double x) {
  const auto input = static_cast<double>(axis.input);
  const auto output = static_cast<double>(axis.output);
  switch (transform) {
    case CoordinateTransform::half_pixel: return (x + 0.5) / axis.scale - 0.5;
    case CoordinateTransform::half_pixel_symmetric: {
      const double adjustment = output / (axis.scale * input);
      return input / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5;
    }
    case CoordinateTransform::pytorch_half_pixel: return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
    case CoordinateTransform::align_corners:
      return axis.output == 1 ? 0 : x * (input - 1) / (axis.extent() - 1);
    case CoordinateTransform::asymmetric: return x / axis.scale;
    case CoordinateTransform::tf_half_pixel_for_nn: return (x + 0.5) / axis.scale;
    case CoordinateTransform::tf_crop_and_resize: {
      const double span = (roi.end - roi.start) * (input - 1);
      return roi.start * (input - 1) + (axis.output == 1 ? span / 2 : x * span / (output - 1));
    }
  }
  TENON_UNREACHABLE("coordinate transform {}", static_cast<int>(transform));
}

double linear_weight(double distance) { return std::max(0.0, 1 - std::fabs(distance)); }

double cubic_weight(double distance, double a) {
  const double d = std::fabs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

// Weights of the positions first, first + 1, … for one output position.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

Taps nearest_tap(NearestMode mode, double coordinate) {
  const double floor = std::floor(coordinate);
  const double rest = coordinate - floor;
  bool up = rest != 0;
  switch (mode) {
    case NearestMode::round_prefer_floor: up = rest > 0.5; break;
    case NearestMode::round_prefer_ceil: up = rest >= 0.5; break;
    case NearestMode::floor: up = false; break;
    case NearestMode::ceil: break;
  }
  return {static_cast<std::int64_t>(floor) + (up ? 1 : 0), {1.0}};
}

Taps interpolation_taps(const op::Resize& resize, double scale, double coordinate) {
  const bool linear = resize.mode == ResizeMode::linear;
  const double shrink = resize.antialias ? std::min(scale, 1.0) : 1.0;
  const double support = linear ? 1 : 2;
  // The position left of the coordinate, or just before an integer one.
  const auto left = static_cast<std::int64_t>(std::ceil(coordinate)) - 1;
  const auto reach = static_cast<std::int64_t>(std::floor(-support / shrink)) + 1;
  Taps taps;
  taps.first = left + reach;
  for (std::int64_t i = taps.first; i <= left + 1 - reach; ++i) {
    const double distance = (static_cast<double>(i) - coordinate) * shrink;
    taps.weights.push_back(linear ? linear_weight(distance) : cubic_weight(distance, resize.cubic_a));
  }
  return taps;
}

Taps taps_at(const op::Resize& resize, const op::ResizeAxis& axis, double coordinate) {
  if (resize.mode == ResizeMode::nearest) return nearest_tap(resize.nearest_mode, coordinate);
  Taps taps = interpolation_taps(resize, axis.scale, coordinate);
  double sum = 0;
  for (std::size_t i = 0; i < taps.weights.size(); ++i) {
    const std::int64_t position = taps.first + static_cast<std::int64_t>(i);
    if (resize.exclude_outside && (position < 0 || position >= axis.input)) taps.weights[i] = 0;
    sum += taps.weights[i];
  }
  if (resize.exclude_outside || resize.antialias) {
    for (double& weight : taps.weights) weight /= sum;
  }
  return taps;
}

// x with one axis resampled; positions outside read the border.
std::vector<double> resample(const op::Resize& resize, const std::vector<double>& x, const AxisView& view,
                             const op::ResizeAxis& axis, const RoiRange& roi) {
  std::vector<double> y(static_cast<std::size_t>(view.outer * axis.output * view.inner));
  for (std::int64_t o = 0; o < axis.output; ++o) {
    const double coordinate = input_coordinate(resize.transform, axis, roi, static_cast<double>(o));
    const bool outside = resize.transform == CoordinateTransform::tf_crop_and_resize &&
                         !(coordinate >= 0 && coordinate <= static_cast<double>(axis.input - 1));
    const Taps taps = outside ? Taps() : taps_at(resize, axis, coordinate);
    for (std::int64_t i = 0; i < view.outer * view.inner; ++i) {
      const std::int64_t outer = i / view.inner;
      const std::int64_t inner = i % view.inner;
      double sum = outside ? static_cast<double>(resize.extrapolation_value) : 0;
      for (std::size_t k = 0; !outside && k < taps.weights.size(); ++k) {
        const std::int64_t position =
            std::clamp<std::int64_t>(taps.first + static_cast<std::int64_t>(k), 0, axis.input - 1);
        sum += taps.weights[k] *
               x[static_cast<std::size_t>((outer * axis.input + position) * view.inner + inner)];
      }
      y[static_cast<std::size_t>((outer * axis.output + o) * view.inner + inner)] = sum;
    }
  }
  return y;
}

// The range of each axis of x; the operand lists starts, then ends, of the resized axes.
std::vector<RoiRange> roi_ranges(const op::Resize& resize, const Call& call, std::size_t rank) {
  std::vector<RoiRange> ranges(rank);
  if (resize.transform != CoordinateTransform::tf_crop_and_resize || !call.has(1)) return ranges;
  const std::vector<double> roi = to_doubles(call.in(1));
  const std::size_t count = resize.axes.empty() ? rank : resize.axes.size();
  TENON_REQUIRE(roi.size() == 2 * count, "resize: expected {} numbers in roi, found {}", 2 * count,
                roi.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t axis =
        resize.axes.empty()
            ? i
            : static_cast<std::size_t>(positive_axis(resize.axes[i], static_cast<std::int64_t>(rank)));
    ranges[axis] = {roi[i], roi[count + i]};
  }
  return ranges;
}

void run_resize(const Op& op, const Call& call) {
  const auto& resize = *op.as<op::Resize>();
  Shape shape = call.in(0).shape();
  std::span<const float> scales = resize.scales;
  if (call.has(2)) scales = elements<float>(call.in(2));
  std::span<const std::int64_t> sizes = resize.sizes;
  if (call.has(3)) sizes = elements<std::int64_t>(call.in(3));
  const std::vector<op::ResizeAxis> axes = op::resolve_resize(resize, shape, scales, sizes);
  const std::vector<RoiRange> roi = roi_ranges(resize, call, shape.size());

  std::vector<double> values = to_doubles(call.in(0));
  const bool crops = resize.transform == CoordinateTransform::tf_crop_and_resize;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].output == axes[i].input && axes[i].scale == 1 && !crops) continue;
    values = resample(resize, values, axis_view(shape, static_cast<std::int64_t>(i)), axes[i], roi[i]);
    shape[i] = axes[i].output;
  }
  if (call.out().shape() != shape) call.outputs[0] = Tensor(call.in(0).dtype(), shape);
  store_doubles(values, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_resize(ref::Registry& registry) { registry.add("resize", ref::run_resize); }

}  // namespace tenon
