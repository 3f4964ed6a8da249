#include "ops/image_decode.hpp"

#include "backends/ref/image_codecs.hpp"
#include "backends/ref/ref.hpp"
#include "backends/ref/registry.hpp"
#include "base/check.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <string_view>

namespace tenon {
namespace ref {
namespace {

using namespace std::string_view_literals;

using Decode = std::optional<Image> (*)(Bytes file);

#if TENON_WITH_JPEG
constexpr Decode kJpeg = decode_jpeg;
#else
constexpr Decode kJpeg = nullptr;
#endif
#if TENON_WITH_OPENJPEG
constexpr Decode kJpeg2000 = decode_jpeg2000;
#else
constexpr Decode kJpeg2000 = nullptr;
#endif
#if TENON_WITH_TIFF
constexpr Decode kTiff = decode_tiff;
#else
constexpr Decode kTiff = nullptr;
#endif
#if TENON_WITH_WEBP
constexpr Decode kWebp = decode_webp;
#else
constexpr Decode kWebp = nullptr;
#endif

// Formats by the bytes at `offset`; null where the build lacks the library.
struct Format {
  std::string_view name;
  std::string_view magic;
  std::size_t offset;
  Decode decode;
};

constexpr Format kFormats[] = {
    {"JPEG", "\xFF\xD8\xFF"sv, 0, kJpeg},
    {"JPEG 2000", "\x00\x00\x00\x0CjP  \r\n\x87\n"sv, 0, kJpeg2000},
    {"JPEG 2000", "\xFF\x4F\xFF\x51"sv, 0, kJpeg2000},
    {"TIFF", "II*\0"sv, 0, kTiff},
    {"TIFF", "MM\0*"sv, 0, kTiff},
    {"WebP", "WEBP"sv, 8, kWebp},
};

const Format* find_format(Bytes file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  for (const Format& format : kFormats) {
    if (text.size() >= format.offset && text.substr(format.offset).starts_with(format.magic)) return &format;
  }
  return nullptr;
}

// JPEG, PNG, BMP and PNM without a library.
std::optional<Image> decode_builtin(Bytes file) {
  try {
    return decode_image(file, "image_decode");
  } catch (const ModelError&) {
    return std::nullopt;
  }
}

std::optional<Image> decode_any(Bytes file) {
  const Format* format = find_format(file);
  if (format == nullptr) return decode_builtin(file);
  if (format->decode != nullptr) return format->decode(file);
  TENON_REQUIRE(format->name == "JPEG", "image_decode: this build of Tenon cannot read {} files",
                format->name);
  return decode_builtin(file);
}

// Luma of ITU-R BT.601 in 16 bits behind the point, rounded.
std::uint8_t luma(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  return static_cast<std::uint8_t>((19595U * red + 38470U * green + 7471U * blue + 32768U) >> 16U);
}

void run_image_decode(const Op& op, const Call& call) {
  const op::PixelFormat wanted = op.as<op::ImageDecode>()->format;
  const Tensor& bytes = call.in(0);
  const std::optional<Image> image = decode_any({bytes.data(), bytes.size_bytes()});
  const std::int64_t channels = wanted == op::PixelFormat::gray ? 1 : 3;
  if (!image) {
    call.outputs[0] = Tensor(DataType::u8, {0, 0, channels});
    return;
  }
  Tensor out(DataType::u8, {image->height, image->width, channels});
  const auto to = out.mutable_values<std::uint8_t>();
  const auto* from = reinterpret_cast<const std::uint8_t*>(image->pixels.data());
  const auto step = static_cast<std::size_t>(image->channels);
  for (std::size_t i = 0; i < to.size() / static_cast<std::size_t>(channels); ++i, from += step) {
    const std::uint8_t green = step == 3 ? from[1] : from[0];
    const std::uint8_t blue = step == 3 ? from[2] : from[0];
    switch (wanted) {
      case op::PixelFormat::gray: to[i] = step == 3 ? luma(from[0], green, blue) : from[0]; break;
      case op::PixelFormat::rgb:
        to[3 * i] = from[0];
        to[3 * i + 1] = green;
        to[3 * i + 2] = blue;
        break;
      case op::PixelFormat::bgr:
        to[3 * i] = blue;
        to[3 * i + 1] = green;
        to[3 * i + 2] = from[0];
        break;
    }
  }
  call.outputs[0] = std::move(out);
}

}  // namespace
}  // namespace ref

void register_ref_image_decode(ref::Registry& registry) {
  registry.add("image_decode", ref::run_image_decode);
}

}  // namespace tenon
