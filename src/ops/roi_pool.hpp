// roi_pool: regions of interest cropped from a feature map into a fixed grid, each cell the maximum of the
// elements in it (Fast R-CNN); 0 where a cell has none.
//
// Operands: x [N, C, H, W], rois [R, 5]: rows (image, x1, y1, x2, y2). One float dtype. Result: [R, C,
// output_height, output_width]. Coordinates are multiplied by spatial_scale and rounded, half away from zero;
// both ends belong to the region, which is at least 1 × 1. Cell i of k along an extent e covers floor(i·e/k)
// to ceil((i + 1)·e/k) - 1 from where the region begins.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct RoiPool {
  std::int64_t output_height = 1;
  std::int64_t output_width = 1;
  float spatial_scale = 1;

  static constexpr std::string_view kName = "roi_pool";
  static constexpr auto fields() {
    return std::make_tuple(field("output_height", &RoiPool::output_height),
                           field("output_width", &RoiPool::output_width),
                           field("spatial_scale", &RoiPool::spatial_scale));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
