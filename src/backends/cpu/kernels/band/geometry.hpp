// Where tiles of convolutions read that take their input in bands of output rows: the image itself, or a copy
// of what a band reads, with the padding written out, in the form that a kernel multiplies.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"

#include <algorithm>
#include <cstddef>

namespace tenon::cpu {

// A band's copy, or what it reads in place, should stay in the second-level cache beside the weights.
inline constexpr std::ptrdiff_t kCachedBandBytes = 256 * 1024;

// Behind each worker's copy of a band: which band it is of.
inline constexpr std::ptrdiff_t kBandKept = 128;

// How sources of a family look.
struct BandForm {
  int group;           // channels that one step multiplies
  int channel;         // bytes of a channel that is read in place
  int copied_channel;  // bytes of a channel in a copy
  bool always_copied;  // even where nothing is missing at the borders
  int most_compact;    // copies of at most so many channels keep them, in whole groups, without the rest of a
                       // block
  bool gathers = false;  // copies of what 1x1 filters read hold nothing else, pixel after pixel
};

struct BandGeometry {
  BandGeometry(const ConvShape& shape, const BandForm& form);

  // An image whose pixels need no rows is cut into rows of tiles of at most `pixels`.
  void cut_image(int pixels);

  // Output rows that a band has at most.
  int most_rows() const;
  // Bytes of the copy of the input of `rows` output rows, whole cache lines; 0 if there is none.
  std::ptrdiff_t band_bytes(int rows) const;
  // Bytes of a worker that copies bands of `copy` bytes.
  std::ptrdiff_t worker_bytes(std::ptrdiff_t copy) const { return copied ? copy + kBandKept : 0; }
  // At least worker_bytes of band_bytes(most_rows()) for every cut of this shape into tiles of at most
  // `most_pixels`, and of no smaller one.
  std::ptrdiff_t scratch_bytes(int most_pixels) const;
  int pixels_of_row(int y) const { return flat ? std::min(width, image - y * width) : width; }

  // Rows and columns of the copy that an output row, or column, moves on by; input rows and columns for each
  // of the copy.
  int copy_stride_h() const { return shape.kernel_h == 1 ? 1 : shape.stride_h; }
  int row_step() const { return shape.kernel_h == 1 ? shape.stride_h : 1; }
  int copy_stride_w() const { return gathered ? 1 : shape.stride_w; }
  int copied_rows(int output_rows) const {
    return (output_rows - 1) * copy_stride_h() + (shape.kernel_h - 1) * shape.dilation_h + 1;
  }
  std::ptrdiff_t copied_columns() const {
    if (flat) return width;
    return static_cast<std::ptrdiff_t>(width - 1) * copy_stride_w() +
           (shape.kernel_w - 1) * shape.dilation_w + 1;
  }

  ConvShape shape;  // merged
  bool flat;        // one output pixel is one pixel of what tiles read, in the same order
  bool copied;
  bool gathered;  // from pixels of the input that do not lie one after the other
  bool compact;
  int pixel;  // bytes of a pixel of a block in what tiles read
  int image;  // output pixels
  int rows;
  int width;
};

struct BandSource {
  const std::byte* base;
  int first_row;
  std::ptrdiff_t row;  // bytes from output row to output row
  std::ptrdiff_t step_w;
  std::ptrdiff_t block;
  std::ptrdiff_t tap_h;
  std::ptrdiff_t tap_w;
  bool taps_are_groups;  // the taps of a row lie one after the other as groups of channels do

  const std::byte* pixel(int y, int x) const { return base + (y - first_row) * row + x * step_w; }
};

// What is read of one image and group: its first pixel, and bytes from pixel to pixel and from block to
// block.
struct BandInput {
  const std::byte* first;
  std::ptrdiff_t pixel;
  std::ptrdiff_t block;
};

// Copies what a 1x1 filter reads of a block for the output pixels [first, end) of an image, one after the
// other; the block's pixels begin at `from`, `pixel` bytes apart.
template <class Copier>
void gather_pixels(const ConvShape& s, const std::byte* from, std::ptrdiff_t pixel, std::ptrdiff_t first,
                   std::ptrdiff_t end, std::byte* to, const Copier& copier) {
  for (std::ptrdiff_t at = first; at < end;) {
    const std::ptrdiff_t out_y = at / s.out_w;
    const std::ptrdiff_t x_end = std::min<std::ptrdiff_t>(end - out_y * s.out_w, s.out_w);
    const std::ptrdiff_t y = out_y * s.stride_h - s.pad_top;
    const bool row_inside = y >= 0 && y < s.in_h;
    for (std::ptrdiff_t out_x = at % s.out_w; out_x < x_end; ++out_x, ++at) {
      const std::ptrdiff_t x = out_x * s.stride_w - s.pad_left;
      to = row_inside && x >= 0 && x < s.in_w ? copier.copy(from + (y * s.in_w + x) * pixel, 1, to)
                                              : copier.fill(1, to);
    }
  }
}

// The source of output rows [begin, end). Copies go to `scratch`, which holds band_bytes of that many, by
//   std::byte* copier.copy(const std::byte* from, std::ptrdiff_t pixels, std::byte* to)    pixels of a block
//   std::byte* copier.fill(std::ptrdiff_t pixels, std::byte* to)                           of padding
// which return the end of what they wrote.
template <class Copier>
BandSource band_source(const BandGeometry& g, const BandInput& input, int begin, int end, std::byte* scratch,
                       const Copier& copier) {
  const ConvShape& s = g.shape;
  const std::ptrdiff_t row_pixels = g.flat ? g.width : g.copied ? g.copied_columns() : s.in_w;
  BandSource source{};
  source.step_w = static_cast<std::ptrdiff_t>(g.copy_stride_w()) * g.pixel;
  source.tap_h = s.dilation_h * row_pixels * g.pixel;
  source.tap_w = static_cast<std::ptrdiff_t>(s.dilation_w) * g.pixel;
  if (!g.copied) {
    // An input that is larger than what is read needs no flat image: pads may be negative.
    const std::ptrdiff_t first = g.flat ? 0 : -static_cast<std::ptrdiff_t>(s.pad_top) * s.in_w - s.pad_left;
    source.base = input.first + first * g.pixel;
    source.row = (g.flat ? row_pixels : s.stride_h * row_pixels) * g.pixel;
    source.block = input.block;
    return source;
  }

  const int rows = g.copied_rows(end - begin);
  source.base = scratch;
  source.first_row = begin;
  source.row = g.copy_stride_h() * row_pixels * g.pixel;
  source.block = rows * row_pixels * g.pixel;
  source.taps_are_groups = g.compact && s.dilation_w == 1;
  const std::byte* from = input.first;
  std::byte* to = scratch;
  for (std::ptrdiff_t b = 0; b < channel_blocks(s.group_in()); ++b, from += input.block) {
    if (g.flat) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(begin) * g.width;
      const std::ptrdiff_t last =
          std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(end) * g.width, g.image);
      if (g.gathered) {
        gather_pixels(s, from, input.pixel, first, last, to, copier);
      } else {
        copier.copy(from + first * input.pixel, last - first, to);
      }
      to += source.block;
      continue;
    }
    const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(s.pad_left, 0, row_pixels);
    const std::ptrdiff_t skipped = std::max(-s.pad_left, 0);
    const std::ptrdiff_t copied = std::clamp<std::ptrdiff_t>(s.in_w - skipped, 0, row_pixels - left);
    for (int r = 0; r < rows; ++r) {
      const std::ptrdiff_t y = static_cast<std::ptrdiff_t>(begin) * s.stride_h +
                               static_cast<std::ptrdiff_t>(r) * g.row_step() - s.pad_top;
      if (y < 0 || y >= s.in_h) {
        to = copier.fill(row_pixels, to);
        continue;
      }
      to = copier.fill(left, to);
      to = copier.copy(from + (y * s.in_w + skipped) * input.pixel, copied, to);
      to = copier.fill(row_pixels - left - copied, to);
    }
  }
  return source;
}

}  // namespace tenon::cpu
