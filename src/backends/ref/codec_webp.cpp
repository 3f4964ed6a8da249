#include "backends/ref/image_codecs.hpp"

#include <webp/decode.h>

namespace tenon::ref {

std::optional<Image> decode_webp(Bytes file) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(file.data());
  int width = 0;
  int height = 0;
  if (WebPGetInfo(data, file.size(), &width, &height) == 0 || width < 1 || height < 1 ||
      std::int64_t{width} * height > kMaxPicturePixels) {
    return std::nullopt;
  }
  Image image(width, height, 3);
  const bool good =
      WebPDecodeRGBInto(data, file.size(), image.pixels.data(), image.pixels.size(), 3 * width) != nullptr;
  return good ? std::optional(std::move(image)) : std::nullopt;
}

}  // namespace tenon::ref
