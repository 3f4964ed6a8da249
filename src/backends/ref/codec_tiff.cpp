#include "backends/ref/image_codecs.hpp"

#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace tenon::ref {
namespace {

// A file in memory, as libtiff reads it.
struct TiffSource {
  Bytes file;
  std::uint64_t at = 0;
};

tmsize_t tiff_read(thandle_t handle, void* to, tmsize_t size) {
  auto& source = *static_cast<TiffSource*>(handle);
  const std::uint64_t left = source.file.size() - std::min<std::uint64_t>(source.at, source.file.size());
  const std::uint64_t count = std::min(left, static_cast<std::uint64_t>(std::max<tmsize_t>(size, 0)));
  if (count != 0) std::memcpy(to, source.file.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t tiff_write(thandle_t, void*, tmsize_t) { return 0; }

toff_t tiff_seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<TiffSource*>(handle);
  const std::uint64_t base = whence == SEEK_CUR ? source.at : whence == SEEK_END ? source.file.size() : 0;
  source.at = base + offset;
  return source.at;
}

int tiff_close(thandle_t) { return 0; }

toff_t tiff_size(thandle_t handle) { return static_cast<TiffSource*>(handle)->file.size(); }

struct CloseTiff {
  void operator()(TIFF* file) const { TIFFClose(file); }
};

}  // namespace

std::optional<Image> decode_tiff(Bytes file) {
  static const bool silent = [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    return true;
  }();
  static_cast<void>(silent);
  TiffSource source{file};
  // "m": not mapped.
  const std::unique_ptr<TIFF, CloseTiff> tiff(TIFFClientOpen("image_decode", "rm", &source, tiff_read,
                                                             tiff_write, tiff_seek, tiff_close, tiff_size,
                                                             nullptr, nullptr));
  if (!tiff) return std::nullopt;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) == 0 ||
      TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height) == 0 || width == 0 || height == 0 ||
      width > kMaxPicturePixels / height) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1) == 0)
    return std::nullopt;
  Image image(static_cast<int>(width), static_cast<int>(height), 3);
  for (std::size_t i = 0; i < raster.size(); ++i) {
    image.pixels[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    image.pixels[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    image.pixels[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return image;
}

}  // namespace tenon::ref
