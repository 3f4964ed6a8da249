// detection_output: the last step of an SSD detector: boxes decoded from priors, and the best of them kept.
//
// Per image and class but `background`: boxes whose score exceeds confidence_threshold, the nms_top_k best of
// them (-1: all) by falling score (ties: lower index first), each kept when its intersection over union with
// every kept one is at most nms_threshold; with eta < 1 a threshold above 0.5 is multiplied by eta after each
// box that is kept. Then the keep_top_k best of the image (-1: all; ties: lower class, then index first).
//
// Operands: locations f32[N, P·L·4] with L = share_location ? 1 : num_classes, scores f32[N, P·num_classes],
// priors f32[1, 2, P·4]: boxes (x1, y1, x2, y2), then variances v. Result: f32[1, 1, n, 7], rows (image,
// class, score, x1, y1, x2, y2) by image, class and falling score; where nothing is found at all, a row
// (image, -1, …, -1) for each image. A box is decoded from l = v · location (the location itself with
// variance_in_target), p the prior, w × h its size, (cx, cy) its centre:
//
//   corner       p + l
//   corner_size  p + l · (w, h, w, h)
//   center_size  centre (cx + l[0]·w, cy + l[1]·h), size (w·exp l[2], h·exp l[3])
#pragma once

#include "ir/op.hpp"

#include <array>
#include <limits>

namespace tenon::op {

enum class BoxCode : std::uint8_t { corner, center_size, corner_size };
inline constexpr std::array<std::string_view, 3> enum_names(BoxCode) {
  return {"corner", "center_size", "corner_size"};
}

struct DetectionOutput {
  std::int64_t num_classes = 1;
  std::int64_t background = -1;  // a class that is never given out; -1: none
  bool share_location = true;
  BoxCode code = BoxCode::corner;
  bool variance_in_target = false;
  float confidence_threshold = std::numeric_limits<float>::lowest();
  float nms_threshold = 0.3F;
  std::int64_t nms_top_k = -1;
  float eta = 1;
  std::int64_t keep_top_k = -1;

  static constexpr std::string_view kName = "detection_output";
  static constexpr auto fields() {
    return std::make_tuple(
        field("num_classes", &DetectionOutput::num_classes),
        field("background", &DetectionOutput::background),
        field("share_location", &DetectionOutput::share_location), field("code", &DetectionOutput::code),
        field("variance_in_target", &DetectionOutput::variance_in_target),
        field("confidence_threshold", &DetectionOutput::confidence_threshold),
        field("nms_threshold", &DetectionOutput::nms_threshold),
        field("nms_top_k", &DetectionOutput::nms_top_k), field("eta", &DetectionOutput::eta),
        field("keep_top_k", &DetectionOutput::keep_top_k));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
