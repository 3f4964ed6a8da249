// center_crop_pad(data, shape) → data with the named axes brought to the extents `shape`: cropped around the
// centre or padded with zeros on both sides. Of an odd difference the smaller half lies in front.
//
//   shape   i64[k], one entry per axis in `axes`
//   axes    in [-rank, rank); absent: all
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct CenterCropPad {
  static constexpr std::string_view kName = "center_crop_pad";

  std::optional<std::vector<std::int64_t>> axes{};

  static constexpr auto fields() { return std::make_tuple(field("axes", &CenterCropPad::axes)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
