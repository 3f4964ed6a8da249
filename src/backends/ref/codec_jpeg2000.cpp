#include "backends/ref/image_codecs.hpp"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace tenon::ref {
namespace {

// A file in memory, as OpenJPEG reads it.
struct Jpeg2000Source {
  Bytes file;
  std::size_t at = 0;
};

OPJ_SIZE_T jpeg2000_read(void* to, OPJ_SIZE_T size, void* user) {
  auto& source = *static_cast<Jpeg2000Source*>(user);
  const std::size_t count = std::min<std::size_t>(size, source.file.size() - source.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, source.file.data() + source.at, count);
  source.at += count;
  return count;
}

OPJ_OFF_T jpeg2000_skip(OPJ_OFF_T size, void* user) {
  auto& source = *static_cast<Jpeg2000Source*>(user);
  if (size < 0 || static_cast<std::uint64_t>(size) > source.file.size() - source.at) return -1;
  source.at += static_cast<std::size_t>(size);
  return size;
}

OPJ_BOOL jpeg2000_seek(OPJ_OFF_T offset, void* user) {
  auto& source = *static_cast<Jpeg2000Source*>(user);
  if (offset < 0 || static_cast<std::uint64_t>(offset) > source.file.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

// One sample as 8 bits.
std::uint8_t sample(const opj_image_comp_t& component, std::size_t i) {
  std::int64_t value = component.data[i];
  if (component.sgnd != 0) value += std::int64_t{1} << (component.prec - 1);
  if (component.prec > 8) value >>= component.prec - 8;
  if (component.prec < 8) value = value * 255 / ((1 << component.prec) - 1);
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
}

std::optional<Image> to_rgb(const opj_image_t& picture) {
  if (picture.numcomps < 1) return std::nullopt;
  const opj_image_comp_t& first = picture.comps[0];
  if (first.w == 0 || first.h == 0 || first.w > kMaxPicturePixels / first.h) return std::nullopt;
  const std::uint32_t count = picture.numcomps >= 3 ? 3 : 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    const opj_image_comp_t& component = picture.comps[i];
    if (component.w != first.w || component.h != first.h || component.data == nullptr || component.prec < 1 ||
        component.prec > 31) {
      return std::nullopt;
    }
  }
  Image image(static_cast<int>(first.w), static_cast<int>(first.h), 3);
  for (std::size_t i = 0; i < std::size_t{first.w} * first.h; ++i) {
    for (std::uint32_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = sample(picture.comps[c % count], i);
  }
  return image;
}

}  // namespace

std::optional<Image> decode_jpeg2000(Bytes file) {
  Jpeg2000Source source{file};
  const std::unique_ptr<opj_stream_t, Freed<opj_stream_destroy>> stream(opj_stream_default_create(OPJ_TRUE));
  const bool boxed = file.size() > 4 && file[0] == std::byte{0};
  const std::unique_ptr<opj_codec_t, Freed<opj_destroy_codec>> codec(
      opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  if (!stream || !codec) return std::nullopt;
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), file.size());
  opj_stream_set_read_function(stream.get(), jpeg2000_read);
  opj_stream_set_skip_function(stream.get(), jpeg2000_skip);
  opj_stream_set_seek_function(stream.get(), jpeg2000_seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* raw = nullptr;
  if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE) return std::nullopt;
  const bool headed = opj_read_header(stream.get(), codec.get(), &raw) != OPJ_FALSE;
  const std::unique_ptr<opj_image_t, Freed<opj_image_destroy>> picture(raw);
  if (!headed || picture->x1 <= picture->x0 || picture->y1 <= picture->y0 || picture->numcomps > 4)
    return std::nullopt;
  if ((picture->x1 - picture->x0) > kMaxPicturePixels / (picture->y1 - picture->y0)) return std::nullopt;
  if (opj_decode(codec.get(), stream.get(), picture.get()) == OPJ_FALSE) return std::nullopt;
  return to_rgb(*picture);
}

}  // namespace tenon::ref
