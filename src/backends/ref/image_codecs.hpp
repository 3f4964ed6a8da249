// Decoders of picture files by way of libraries that a build may lack. Each gives an RGB picture, or nothing
// where the file is damaged or holds more than kMaxPicturePixels.
#pragma once

#include <tenon/image.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tenon::ref {

inline constexpr std::int64_t kMaxPicturePixels = std::int64_t{1} << 26;

using Bytes = std::span<const std::byte>;

std::optional<Image> decode_jpeg(Bytes file);      // libjpeg
std::optional<Image> decode_jpeg2000(Bytes file);  // OpenJPEG
std::optional<Image> decode_tiff(Bytes file);      // libtiff
std::optional<Image> decode_webp(Bytes file);      // libwebp

}  // namespace tenon::ref
