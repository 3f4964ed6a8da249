// roi_align: regions of interest cropped from a feature map into a fixed grid, each cell the average (or max)
// of bilinear samples.
//
// Operands: x [N, C, H, W], rois [R, 4] (x1, y1, x2, y2), batch_indices [R] i64. One float dtype for x and
// rois. Result: [R, C, output_height, output_width]. Region coordinates are multiplied by spatial_scale;
// half_pixel shifts them by -0.5, else regions are at least 1 × 1. sampling_ratio samples per cell and axis;
// 0: ceil(cell size). A sample more than 1 outside of x is 0. max takes the largest weighted corner of all
// samples, as ONNX defines it.
#pragma once

#include "ir/op.hpp"

#include <array>

namespace tenon::op {

enum class RoiMode : std::uint8_t { average, max };
inline constexpr std::array<std::string_view, 2> enum_names(RoiMode) { return {"average", "max"}; }

struct RoiAlign {
  RoiMode mode = RoiMode::average;
  std::int64_t output_height = 1;
  std::int64_t output_width = 1;
  std::int64_t sampling_ratio = 0;
  float spatial_scale = 1;
  bool half_pixel = true;

  static constexpr std::string_view kName = "roi_align";
  static constexpr auto fields() {
    return std::make_tuple(
        field("mode", &RoiAlign::mode), field("output_height", &RoiAlign::output_height),
        field("output_width", &RoiAlign::output_width), field("sampling_ratio", &RoiAlign::sampling_ratio),
        field("spatial_scale", &RoiAlign::spatial_scale), field("half_pixel", &RoiAlign::half_pixel));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
