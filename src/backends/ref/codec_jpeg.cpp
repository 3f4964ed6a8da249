// JPEG with the chroma interpolation that ONNX's ImageDecoder wants, which is libjpeg's.
#include "backends/ref/image_codecs.hpp"

#include <csetjmp>
#include <cstdio>
// After <cstdio>, which it needs and does not include.
#include <jpeglib.h>

namespace tenon::ref {
namespace {

struct JpegErrors {
  jpeg_error_mgr base;  // first: the library hands this part back
  std::jmp_buf back;
};

[[noreturn]] void leave(j_common_ptr common) {
  std::longjmp(reinterpret_cast<JpegErrors*>(common->err)->back, 1);
}

void stay_silent(j_common_ptr, int) {}

// The pixels of an opened file into `image`. Nothing here has a destructor: errors jump out of the library.
bool read_jpeg(jpeg_decompress_struct& reader, JpegErrors& errors, Bytes file, Image& image) {
  if (setjmp(errors.back) != 0) return false;  // NOLINT: the library's way to report errors
  jpeg_mem_src(&reader, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  if (jpeg_read_header(&reader, TRUE) != JPEG_HEADER_OK) return false;
  if (static_cast<std::int64_t>(reader.image_width) * reader.image_height > kMaxPicturePixels) return false;
  reader.out_color_space = JCS_RGB;
  image.width = static_cast<int>(reader.image_width);
  image.height = static_cast<int>(reader.image_height);
  image.channels = 3;
  image.pixels.resize(std::size_t{3} * reader.image_width * reader.image_height);
  jpeg_start_decompress(&reader);
  while (reader.output_scanline < reader.output_height) {
    JSAMPROW row = image.pixels.data() + std::size_t{3} * reader.output_scanline * reader.output_width;
    jpeg_read_scanlines(&reader, &row, 1);
  }
  jpeg_finish_decompress(&reader);
  return true;
}

}  // namespace

std::optional<Image> decode_jpeg(Bytes file) {
  jpeg_decompress_struct reader{};
  JpegErrors errors{};
  reader.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.emit_message = stay_silent;
  jpeg_create_decompress(&reader);
  Image image(1, 1, 3);
  const bool good = read_jpeg(reader, errors, file, image);
  jpeg_destroy_decompress(&reader);
  return good ? std::optional(std::move(image)) : std::nullopt;
}

}  // namespace tenon::ref
