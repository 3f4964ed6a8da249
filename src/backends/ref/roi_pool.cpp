#include "ops/roi_pool.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace ref {
namespace {

// The elements [begin, end) of one axis that a cell covers.
struct CellExtent {
  std::int64_t begin, end;
};

CellExtent cell_extent(double low, double high, double scale, std::int64_t cell, std::int64_t cells,
                       std::int64_t size) {
  // Far outside of the map all is empty; clamped, so that the numbers stay integers.
  const auto rounded = [&](double at) { return std::clamp(std::round(at * scale), -1e6, 1e6); };
  const double begin = rounded(low);
  const double step = std::max(rounded(high) - begin + 1, 1.0) / static_cast<double>(cells);
  const double from = begin + std::floor(static_cast<double>(cell) * step);
  const double to = begin + std::ceil(static_cast<double>(cell + 1) * step);
  const auto limit = static_cast<double>(size);
  return {static_cast<std::int64_t>(std::clamp(from, 0.0, limit)),
          static_cast<std::int64_t>(std::clamp(to, 0.0, limit))};
}

void run_roi_pool(const Op& op, const Call& call) {
  const auto& pool = *op.as<op::RoiPool>();
  const Shape& shape = call.in(0).shape();
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> rois = to_doubles(call.in(1));
  std::vector<double> y;
  for (std::size_t r = 0; r + 5 <= rois.size(); r += 5) {
    TENON_REQUIRE(rois[r] >= 0 && rois[r] < static_cast<double>(shape[0]), "roi_pool: image {} of {}",
                  rois[r], shape[0]);
    const auto image = static_cast<std::int64_t>(rois[r]);
    for (std::int64_t c = 0; c < shape[1]; ++c) {
      const double* plane = x.data() + (image * shape[1] + c) * shape[2] * shape[3];
      for (std::int64_t i = 0; i < pool.output_height; ++i) {
        const auto rows =
            cell_extent(rois[r + 2], rois[r + 4], pool.spatial_scale, i, pool.output_height, shape[2]);
        for (std::int64_t j = 0; j < pool.output_width; ++j) {
          const auto columns =
              cell_extent(rois[r + 1], rois[r + 3], pool.spatial_scale, j, pool.output_width, shape[3]);
          const bool empty = rows.begin >= rows.end || columns.begin >= columns.end;
          double largest = empty ? 0 : plane[rows.begin * shape[3] + columns.begin];
          for (std::int64_t h = rows.begin; h < rows.end; ++h) {
            for (std::int64_t w = columns.begin; w < columns.end; ++w)
              largest = std::max(largest, plane[h * shape[3] + w]);
          }
          y.push_back(largest);
        }
      }
    }
  }
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_roi_pool(ref::Registry& registry) { registry.add("roi_pool", ref::run_roi_pool); }

}  // namespace tenon
