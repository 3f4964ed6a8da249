// resize: x resampled to another size along `axes` (empty: all axes).
//
// Operands: x, roi or absent (tf_crop_and_resize: starts, then ends, per axis, in units of the axis), scales
// (f32 [axes]) or absent, sizes (i64 [axes]) or absent. The new size comes from exactly one of: field
// `scales`, field `sizes`, operand scales, operand sizes. size = floor(input · scale); with sizes, scale =
// size / input, and keep_aspect may choose one scale for all axes. `transform` maps an output coordinate to
// an input coordinate; nearest, linear and cubic interpolate there. exclude_outside drops taps outside of x
// and renormalizes; antialias widens the linear and cubic kernels when shrinking. With tf_crop_and_resize,
// coordinates outside of x give extrapolation_value. x: any numeric dtype (linear and cubic compute in float
// and round to nearest even, saturating). Result: x's dtype.
#pragma once

#include "ir/op.hpp"

#include <array>

namespace tenon::op {

enum class ResizeMode : std::uint8_t { nearest, linear, cubic };
inline constexpr std::array<std::string_view, 3> enum_names(ResizeMode) {
  return {"nearest", "linear", "cubic"};
}

enum class CoordinateTransform : std::uint8_t {
  half_pixel,
  half_pixel_symmetric,
  pytorch_half_pixel,
  align_corners,
  asymmetric,
  tf_half_pixel_for_nn,
  tf_crop_and_resize,
};
inline constexpr std::array<std::string_view, 7> enum_names(CoordinateTransform) {
  return {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
          "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
}

enum class NearestMode : std::uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };
inline constexpr std::array<std::string_view, 4> enum_names(NearestMode) {
  return {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
}

enum class KeepAspect : std::uint8_t { stretch, not_larger, not_smaller };
inline constexpr std::array<std::string_view, 3> enum_names(KeepAspect) {
  return {"stretch", "not_larger", "not_smaller"};
}

struct Resize {
  ResizeMode mode = ResizeMode::nearest;
  CoordinateTransform transform = CoordinateTransform::half_pixel;
  NearestMode nearest_mode = NearestMode::round_prefer_floor;
  float cubic_a = -0.75F;
  bool exclude_outside = false;
  bool antialias = false;
  float extrapolation_value = 0;
  KeepAspect keep_aspect = KeepAspect::stretch;
  std::vector<std::int64_t> axes;
  std::vector<float> scales;
  std::vector<std::int64_t> sizes;

  static constexpr std::string_view kName = "resize";
  static constexpr auto fields() {
    return std::make_tuple(field("mode", &Resize::mode), field("transform", &Resize::transform),
                           field("nearest_mode", &Resize::nearest_mode), field("cubic_a", &Resize::cubic_a),
                           field("exclude_outside", &Resize::exclude_outside),
                           field("antialias", &Resize::antialias),
                           field("extrapolation_value", &Resize::extrapolation_value),
                           field("keep_aspect", &Resize::keep_aspect), field("axes", &Resize::axes),
                           field("scales", &Resize::scales), field("sizes", &Resize::sizes));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// One axis with numbers: output size, and the scale that coordinates use (exact where it comes from sizes).
struct ResizeAxis {
  std::int64_t input = 0;
  std::int64_t output = 0;
  double scale = 1;
  // The output's size before it was rounded down, which is where the corners lie.
  double extent() const noexcept;
};

// All axes of x, in order. `scales` and `sizes` are the operands' or fields' values; one of them is empty.
// ModelError when their number does not fit.
std::vector<ResizeAxis> resolve_resize(const Resize& op, std::span<const std::int64_t> input,
                                       std::span<const float> scales, std::span<const std::int64_t> sizes);

}  // namespace tenon::op
