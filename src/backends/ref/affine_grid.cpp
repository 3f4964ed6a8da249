#include "ops/affine_grid.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

// Of pixel `position` of `extent`, in [-1, 1]. A single pixel with aligned corners lies in the middle.
double normalised_coordinate(std::int64_t position, std::int64_t extent, bool align_corners) {
  const auto at = static_cast<double>(position);
  const auto count = static_cast<double>(extent);
  if (!align_corners) return (2 * at + 1) / count - 1;
  return extent == 1 ? 0 : 2 * at / (count - 1) - 1;
}

void run_affine_grid(const Op& op, const Call& call) {
  const auto& self = *op.as<op::AffineGrid>();
  Tensor& out = call.out();
  const std::vector<double> theta = to_doubles(call.in(0));
  const auto axes = static_cast<std::size_t>(out.shape().back());
  const Shape pixels(out.shape().begin(), out.shape().end() - 1);
  std::vector<double> values;
  for_each_index(pixels, [&](std::span<const std::int64_t> index) {
    // x belongs to the last image axis.
    std::vector<double> point;
    for (std::size_t i = 0; i < axes; ++i) {
      point.push_back(normalised_coordinate(index[axes - i], pixels[axes - i], self.align_corners));
    }
    point.push_back(1);
    const std::size_t matrix = static_cast<std::size_t>(index[0]) * axes * (axes + 1);
    for (std::size_t row = 0; row < axes; ++row) {
      double sum = 0;
      for (std::size_t i = 0; i <= axes; ++i) sum += theta[matrix + row * (axes + 1) + i] * point[i];
      values.push_back(sum);
    }
  });
  store_doubles(values, out);
}

}  // namespace
}  // namespace ref

void register_ref_affine_grid(ref::Registry& registry) { registry.add("affine_grid", ref::run_affine_grid); }

}  // namespace tenon
