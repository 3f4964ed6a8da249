#include "base/check.hpp"
#include "base/context.hpp"
#include "base/deflate.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"

#include <tenon/image.hpp>

#include <fmt/format.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <ostream>

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_PNM
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS (1 << 16)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace tenon {
namespace {

constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;

struct FreeStb {
  void operator()(stbi_uc* pixels) const noexcept { stbi_image_free(pixels); }
};

// What the decoder objects to; its text may quote bytes of the file.
std::string reason() {
  std::string text;
  for (const char* c = stbi_failure_reason(); c != nullptr && *c != '\0'; ++c)
    text += *c >= ' ' && *c <= '~' ? *c : '?';
  return text.empty() ? "its content makes no sense" : text;
}

bool has_image_magic(std::span<const std::byte> head) noexcept {
  const auto starts = [&](std::string_view magic) {
    return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
  };
  return starts("\xFF\xD8\xFF") || starts("\x89PNG\r\n\x1A\n") || starts("P5") || starts("P6") ||
         starts("BM");
}

}  // namespace

Image::Image(int w, int h, int c) : width(w), height(h), channels(c) {
  TENON_REQUIRE(w >= 1 && h >= 1, "a picture of {}x{} pixels has no content", w, h);
  TENON_REQUIRE(c == 1 || c == 3, "a picture has 1 or 3 channels, not {}", c);
  TENON_REQUIRE(std::int64_t{w} * h <= kMaxPixels, "a picture of {}x{} pixels has more than {} of them", w, h,
                kMaxPixels);
  pixels.resize(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * static_cast<std::size_t>(c));
}

Image decode_image(std::span<const std::byte> bytes, std::string_view name) {
  TENON_REQUIRE(!bytes.empty(), "{}: the file is empty", name);
  TENON_REQUIRE(has_image_magic(bytes), "{}: this is none of JPEG, PNG, PPM, PGM and BMP", name);
  TENON_REQUIRE(bytes.size() <= INT_MAX, "{}: {} bytes are too many for a picture", name, bytes.size());
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0;
  int height = 0;
  int components = 0;
  // The header is judged before the decoder allocates what it asks for.
  TENON_REQUIRE(stbi_info_from_memory(data, size, &width, &height, &components) == 1,
                "{}: damaged picture ({})", name, reason());
  TENON_REQUIRE(width >= 1 && height >= 1 && std::int64_t{width} * height <= kMaxPixels,
                "{}: {}x{} pixels; at most {} are supported", name, width, height, kMaxPixels);
  const int channels = components <= 2 ? 1 : 3;
  const std::unique_ptr<stbi_uc, FreeStb> pixels(
      stbi_load_from_memory(data, size, &width, &height, &components, channels));
  TENON_REQUIRE(pixels != nullptr, "{}: damaged picture ({})", name, reason());
  Image image(width, height, channels);
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

Image load_image(const std::filesystem::path& path) {
  const MappedFile file(path);
  return decode_image(file.bytes(), quote(path.string()));
}

bool is_image_file(const std::filesystem::path& path) noexcept {
  try {
    std::array<char, 8> head{};
    std::ifstream file(path, std::ios::binary);
    file.read(head.data(), head.size());
    return has_image_magic(std::as_bytes(std::span(head)).first(static_cast<std::size_t>(file.gcount())));
  } catch (...) {
    return false;
  }
}

std::vector<std::byte> encode_png(const Image& image) {
  std::vector<std::byte> bytes;
  const auto append = [](void* target, void* data, int size) {
    const auto* first = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(target)->insert(static_cast<std::vector<std::byte>*>(target)->end(),
                                                         first, first + size);
  };
  const int ok = stbi_write_png_to_func(append, &bytes, image.width, image.height, image.channels,
                                        image.pixels.data(), image.width * image.channels);
  TENON_CHECK(ok != 0, "encoding a {}x{} PNG failed", image.width, image.height);
  return bytes;
}

void save_png(const Image& image, const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = encode_png(image);
  write_file_atomically(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  });
}

std::vector<std::byte> inflate(std::span<const std::byte> packed, std::size_t size) {
  // Some releases of stb want two bytes behind the last code.
  constexpr std::size_t kPadding = 8;
  TENON_REQUIRE(packed.size() <= INT_MAX - kPadding && size <= INT_MAX, "more than 2 GiB of deflated data");
  std::vector<std::byte> padded(packed.begin(), packed.end());
  padded.resize(packed.size() + kPadding);
  std::vector<std::byte> plain(size);
  std::byte none{};
  const int found = stbi_zlib_decode_noheader_buffer(
      reinterpret_cast<char*>(size > 0 ? plain.data() : &none), static_cast<int>(size),
      reinterpret_cast<const char*>(padded.data()), static_cast<int>(padded.size()));
  TENON_REQUIRE(found >= 0 && static_cast<std::size_t>(found) == size, "the deflated data is damaged");
  return plain;
}

std::vector<std::byte> deflate(std::span<const std::byte> plain) {
  constexpr int kQuality = 32;                      // candidates of each hash
  constexpr std::size_t kHeader = 2, kTrailer = 4;  // of zlib, around the stream
  TENON_REQUIRE(plain.size() <= INT_MAX / 2, "more than 1 GiB to deflate");
  if (plain.empty()) return {std::byte{3}, std::byte{0}};  // one empty block, where stb writes none
  const auto* bytes = reinterpret_cast<const stbi_uc*>(plain.data());
  std::vector<stbi_uc> copy(bytes, bytes + plain.size());  // stb takes a pointer to mutable bytes
  int size = 0;
  const std::unique_ptr<stbi_uc, FreeStb> packed(
      stbi_zlib_compress(copy.data(), static_cast<int>(plain.size()), &size, kQuality));
  if (packed == nullptr) throw std::bad_alloc();
  const auto* first = reinterpret_cast<const std::byte*>(packed.get());
  return {first + kHeader, first + (static_cast<std::size_t>(size) - kTrailer)};
}

}  // namespace tenon
