// Where integer convolutions read: the image itself, or a copy of a band of its rows with the padding written
// out, in the form that a kernel multiplies.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

namespace tenon::cpu {

struct S8Geometry {
  S8Geometry(const ConvS8Kernel& kernel, const ConvS8Args& args);

  // An image whose pixels need no rows is cut into rows of tiles of at most `pixels`.
  void cut_image(int pixels);

  // Output rows that a band has at most.
  int most_rows() const;
  // Bytes of the copy of the input of `rows` output rows, whole cache lines; 0 if there is none.
  std::ptrdiff_t band_bytes(int rows) const;
  // At least band_bytes(most_rows()) for every cut of this shape, and of no smaller one.
  std::ptrdiff_t scratch_bytes() const;
  int pixels_of_row(int y) const { return flat ? std::min(width, image - y * width) : width; }

  // Rows and columns of the copy that an output row, or column, moves on by; input rows for each of the copy.
  int copy_stride_h() const { return shape.kernel_h == 1 ? 1 : shape.stride_h; }
  int row_step() const { return shape.kernel_h == 1 ? shape.stride_h : 1; }
  int copied_rows(int output_rows) const {
    return (output_rows - 1) * copy_stride_h() + (shape.kernel_h - 1) * shape.dilation_h + 1;
  }
  std::ptrdiff_t copied_columns() const {
    if (flat) return width;
    return static_cast<std::ptrdiff_t>(width - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w +
           1;
  }

  ConvShape shape;  // merged
  bool flat;        // one output pixel is one input pixel, in the same order
  bool copied;
  bool compact;  // copies keep 4 channels of a pixel instead of 16
  int pixel;     // bytes of a pixel of a block in the copy
  int element;   // bytes of a source element in the copy
  int image;     // output pixels
  int rows;
  int width;
};

struct S8Source {
  const std::uint8_t* base;
  int first_row;
  std::ptrdiff_t row;  // bytes from output row to output row
  std::ptrdiff_t step_w;
  std::ptrdiff_t block;
  std::ptrdiff_t tap_h;
  std::ptrdiff_t tap_w;
  bool taps_are_groups;  // the taps of a row lie one after the other as groups of channels do

  const std::uint8_t* pixel(int y, int x) const { return base + (y - first_row) * row + x * step_w; }
};

// The source of output rows [begin, end); `scratch` holds band_bytes of that many.
S8Source s8_source(const S8Geometry& geometry, const ConvS8Kernel& kernel, const ConvS8Args& args, int image,
                   int group, int begin, int end, std::byte* scratch);

}  // namespace tenon::cpu
