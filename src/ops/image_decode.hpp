// image_decode(bytes): the image that a file holds.
//
// Operand: u8 [n], the file's bytes: JPEG, PNG, BMP, PNM; JPEG 2000, TIFF and WebP where the build has their
// libraries. Result: u8 [height, width, channels], 3 channels or, for gray, 1. What is no image gives [0, 0,
// channels].
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

enum class PixelFormat : std::uint8_t { rgb, bgr, gray };
inline constexpr std::array<std::string_view, 3> enum_names(PixelFormat) { return {"rgb", "bgr", "gray"}; }

struct ImageDecode {
  static constexpr std::string_view kName = "image_decode";

  PixelFormat format = PixelFormat::rgb;

  static constexpr auto fields() { return std::make_tuple(field("format", &ImageDecode::format)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
