// Pictures: reading, writing, and the way from a picture to a network's input.
#pragma once

#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// 8-bit pixels, rows from top to bottom, channels interleaved: pixels[(y * width + x) * channels + c].
struct Image {
  int width = 0;
  int height = 0;
  int channels = 3;  // 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int w, int h, int c);  // black; ModelError for sizes below 1 and for other than 1 or 3 channels
  std::uint8_t* at(int x, int y) noexcept { return pixels.data() + offset(x, y); }
  const std::uint8_t* at(int x, int y) const noexcept { return pixels.data() + offset(x, y); }

 private:
  std::size_t offset(int x, int y) const noexcept {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
           static_cast<std::size_t>(channels);
  }
};

// JPEG (baseline and progressive), PNG, PPM, PGM and BMP, by content, of at most 2^26 pixels. Grey files give
// one channel, all others three; alpha is dropped, 16-bit samples keep their upper byte, EXIF orientation is
// not applied. ModelError that names the file when it cannot be read or decoded.
Image load_image(const std::filesystem::path& path);
Image decode_image(std::span<const std::byte> bytes, std::string_view name = "picture");

// Whether load_image() would take the file, judged by its first bytes; false also when it cannot be read.
bool is_image_file(const std::filesystem::path& path) noexcept;

std::vector<std::byte> encode_png(const Image& image);
// Replaces the file as a whole. ModelError when the file system refuses.
void save_png(const Image& image, const std::filesystem::path& path);

enum class ImageColor : std::uint8_t { rgb, bgr, gray };
enum class ImageLayout : std::uint8_t { nchw, nhwc };

// From a picture to a tensor, in this order:
//
// 1. Size. With shorter_side = n the picture is resized so that its shorter side is n and the longer one is
//    max(n, round(longer · n / shorter)); with width and height it becomes exactly width × height, or, under
//    letterbox, the largest picture of the same proportions that fits, in the middle of a canvas of that size
//    (see fit_letterbox) filled with `fill`. With all of them 0 it keeps its size.
// 2. Crop: crop_width × crop_height around the centre, from column floor((w - crop_width) / 2) and row
//    floor((h - crop_height) / 2) on. 0: no crop. ModelError when the picture is smaller.
// 3. Colour: gray = 0.299 r + 0.587 g + 0.114 b; a grey picture read as rgb or bgr has its grey in all three
// channels.
// 4. Value: v = (p · scale - mean[c]) / std[c] with the pixel p in 0…255 and channels c in the order after
// step 3 (so for bgr
//    mean[0] belongs to blue). mean and std have one entry for all channels, or one each; empty means 0
//    and 1.
// 5. Layout: [1, C, H, W] or [1, H, W, C].
//
// Resampling is separable, columns first, with a triangle filter that widens when shrinking: with r = in /
// out, output x is the mean of source pixels i weighted by max(0, 1 - |i + 0.5 - (x + 0.5) r| / max(1, r)).
// (Enlarging, that is bilinear interpolation with half-pixel centres.) Sums are taken in double and rounded
// to float after each of the two passes and after steps 3 and 4; nothing is rounded to 8 bits in between.
// Halves in round() go away from zero.
struct ImageOptions {
  int width = 0;
  int height = 0;
  int shorter_side = 0;  // not together with width and height
  bool letterbox = false;
  std::uint8_t fill = 114;
  int crop_width = 0;
  int crop_height = 0;
  ImageColor color = ImageColor::rgb;
  float scale = 1;
  std::vector<float> mean;
  std::vector<float> std;
  ImageLayout layout = ImageLayout::nchw;
};

// dtype: f32, or u8, for which values are rounded half to even and clamped to 0…255 at the end. ModelError
// for options that contradict each other or the picture.
Tensor to_tensor(const Image& image, const ImageOptions& options, DataType dtype = DataType::f32);

// Where a picture lies on a letterbox canvas: canvas = picture · scale + (left, top).
struct Letterbox {
  double scale = 1;  // min(canvas_width / width, canvas_height / height)
  int width = 0;     // of the resized picture: round(width · scale), at least 1
  int height = 0;
  int left = 0;  // floor((canvas_width - width) / 2)
  int top = 0;
};
Letterbox fit_letterbox(int width, int height, int canvas_width, int canvas_height);

}  // namespace tenon
