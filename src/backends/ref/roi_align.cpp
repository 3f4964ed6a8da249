#include "ops/roi_align.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace ref {
namespace {

// The four weighted corners around a point; all zero more than one element outside.
struct Corners {
  double value[4] = {0, 0, 0, 0};
  double sum() const { return value[0] + value[1] + value[2] + value[3]; }
  double largest() const { return *std::max_element(value, value + 4); }
};

Corners corners_at(const double* image, std::int64_t height, std::int64_t width, double y, double x) {
  Corners corners;
  const bool near = y >= -1 && y <= static_cast<double>(height) && x >= -1 && x <= static_cast<double>(width);
  if (!near || height == 0 || width == 0) return corners;
  auto split = [](double& at, std::int64_t size, std::int64_t& low, std::int64_t& high) {
    at = std::max(at, 0.0);
    low = std::min(static_cast<std::int64_t>(at), size - 1);
    high = std::min(low + 1, size - 1);
    if (low == size - 1) at = static_cast<double>(low);
  };
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
  split(y, height, top, bottom);
  split(x, width, left, right);
  const double dy = y - static_cast<double>(top);
  const double dx = x - static_cast<double>(left);
  corners.value[0] = (1 - dy) * (1 - dx) * image[top * width + left];
  corners.value[1] = (1 - dy) * dx * image[top * width + right];
  corners.value[2] = dy * (1 - dx) * image[bottom * width + left];
  corners.value[3] = dy * dx * image[bottom * width + right];
  return corners;
}

// One axis of a region: where it starts, the size of a cell, and samples per cell.
struct RegionAxis {
  double start = 0;
  double cell = 0;
  std::int64_t samples = 1;

  double position(std::int64_t out, std::int64_t sample) const {
    return start + static_cast<double>(out) * cell +
           (static_cast<double>(sample) + 0.5) * cell / static_cast<double>(samples);
  }
};

RegionAxis region_axis(const op::RoiAlign& align, double low, double high, std::int64_t outputs) {
  const double shift = align.half_pixel ? 0.5 : 0;
  RegionAxis axis;
  axis.start = low * align.spatial_scale - shift;
  double extent = high * align.spatial_scale - shift - axis.start;
  if (!align.half_pixel) extent = std::max(extent, 1.0);
  axis.cell = extent / static_cast<double>(outputs);
  axis.samples = align.sampling_ratio;
  if (align.sampling_ratio == 0) {
    TENON_REQUIRE(std::fabs(axis.cell) < 1e6, "roi_align: a cell of {} elements", axis.cell);
    axis.samples = static_cast<std::int64_t>(std::ceil(axis.cell));
  }
  return axis;
}

double cell_value(const op::RoiAlign& align, const double* image, const Shape& xs, const RegionAxis& rows,
                  const RegionAxis& columns, std::int64_t i, std::int64_t j) {
  double sum = 0;
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t p = 0; p < rows.samples; ++p) {
    for (std::int64_t q = 0; q < columns.samples; ++q) {
      const Corners corners = corners_at(image, xs[2], xs[3], rows.position(i, p), columns.position(j, q));
      sum += corners.sum();
      largest = std::max(largest, corners.largest());
    }
  }
  const std::int64_t count = std::max<std::int64_t>(rows.samples * columns.samples, 1);
  if (align.mode == op::RoiMode::average) return sum / static_cast<double>(count);
  return std::isinf(largest) ? 0 : largest;
}

void run_roi_align(const Op& op, const Call& call) {
  const auto& align = *op.as<op::RoiAlign>();
  const Shape& xs = call.in(0).shape();
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> rois = to_doubles(call.in(1));
  const std::vector<std::int64_t> images = to_integers(call.in(2));
  std::vector<double> y;
  for (std::size_t r = 0; r < images.size(); ++r) {
    TENON_REQUIRE(images[r] >= 0 && images[r] < xs[0], "roi_align: batch index {} of {}", images[r], xs[0]);
    const RegionAxis columns = region_axis(align, rois[4 * r], rois[4 * r + 2], align.output_width);
    const RegionAxis rows = region_axis(align, rois[4 * r + 1], rois[4 * r + 3], align.output_height);
    for (std::int64_t c = 0; c < xs[1]; ++c) {
      const double* image = x.data() + (images[r] * xs[1] + c) * xs[2] * xs[3];
      for (std::int64_t i = 0; i < align.output_height; ++i) {
        for (std::int64_t j = 0; j < align.output_width; ++j) {
          y.push_back(cell_value(align, image, xs, rows, columns, i, j));
        }
      }
    }
  }
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_roi_align(ref::Registry& registry) { registry.add("roi_align", ref::run_roi_align); }

}  // namespace tenon
