// How the source of a convolution is laid out for matrix.hpp: in planes of pixels, whose bytes lie together.
//
//   wide planes     64 bytes a pixel; a step is a tap
//   narrow planes   a block of 16 channels a pixel, or 2 or 4 where there are no more; a step is as many taps
//                   of a row as 64 bytes hold. A pixel of few channels may hold as many rows of the input,
//                   one channel list after the other, as lie between two rows of windows: a step then takes
//                   those of several rows of taps
//
// Positions count output pixels, with gaps at the ends of rows: rows share their padding with the next, so
// that a tile of 16 positions runs on over them. The position p at a tap reads column p * stride_w of a
// plane, moved by what is the same for all positions; rows of the input a stride apart are neighbours. A band
// is a range of output rows of an image, or some whole images one after the other. Where an output pixel
// takes part of one input pixel only, nothing is between two of them: a row then is a single pixel.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/matrix/matrix.hpp"

namespace tenon::cpu {

// Images of at most so many channels in one group take a step for several taps.
inline constexpr int kMatrixFewChannels = 4;

// What a convolution of elements of so many bytes, 1 or 2, multiplies, which its packed weights follow.
struct MatrixSteps {
  MatrixSteps(const ConvShape& merged, int element);

  // What element k of a step belongs to: a channel of the group, or a negative number if to none, and a tap.
  struct Place {
    int channel;
    int tap_h;
    int tap_w;
  };
  Place place(int step, int k) const;

  int wide_steps() const { return wide_planes * kernel_h * kernel_w; }
  int narrow_steps() const { return narrow_planes * tap_rows() * narrow_rows; }
  int tap_rows() const { return static_cast<int>(ceil_div(kernel_h, stacked)); }  // of narrow steps
  int count() const { return wide_steps() + narrow_steps(); }

  int depth() const { return kMatrixDepth / element; }

  int element;
  int channels;
  int kernel_h;
  int kernel_w;
  int wide_planes;
  int narrow_planes;
  int stacked;       // rows of the input that a narrow pixel holds
  int narrow_bytes;  // of a pixel
  bool few;          // narrow pixels are all channels, not a block of them
  int narrow_taps;   // of a step, at most
  int narrow_rows;   // steps that a row of taps takes
};

// A range of output rows of an image, or of several whole images.
struct MatrixBand {
  int image;
  int images;
  int row;
  int rows;  // of each
};

// What is laid out.
struct MatrixSource {
  const std::byte* src;
  int element;        // bytes of an element of a tile
  int planar;         // plain NCHW of bytes (1; few channels) or floats (4), or 0: nChw16c of elements
  std::uint8_t flip;  // turns bits of each byte over on the way
  std::uint8_t zero;  // what padding is made of, as laid out
  bool clear;         // what is laid out for nothing has to be zero, not just anything
  // Of planes of floats: `count` pixels of planes that are `plane` apart, each of `width` elements of a tile,
  // those beyond `channels` zero.
  void (*interleave)(const float* src, std::ptrdiff_t plane, int channels, int width, std::ptrdiff_t count,
                     void* dst) noexcept;
  // `count` wide pixels of whole blocks that are `block` apart, `step` from pixel to pixel: of elements of
  // two bytes two blocks, of bytes four, whose bits stay as they are.
  void (*join)(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
               std::byte* dst) noexcept;
};

// Where the results of positions lie, in elements from one to the next.
struct MatrixPlaces {
  std::ptrdiff_t pixel;
  std::ptrdiff_t row;
  std::ptrdiff_t image;
};

class MatrixArrangement {
 public:
  MatrixArrangement(const ConvShape& shape, const MatrixSource& source, const MatrixPlaces& places);

  const ConvShape& shape() const { return shape_; }  // merged
  const MatrixSteps& steps() const { return steps_; }
  int rows() const { return rows_; }        // of an image
  bool by_pixels() const { return flat_; }  // a row is a pixel
  // Rows of two tiles: fewer are not worth a band.
  int least_rows() const { return static_cast<int>(ceil_div(2 * kMatrixRows, pitch_)); }

  // Bands of at most so many images and rows; images above 1 only with all rows.
  struct Cut {
    int images;
    int rows;
  };
  // The largest bands that stay in the second-level cache.
  Cut largest() const;
  // Bytes that a band of this cut takes, and enough for the largest bands of this shape and of smaller ones.
  std::ptrdiff_t bytes(Cut cut) const;
  std::ptrdiff_t most_bytes() const;

  // The offsets of all steps in bands of this cut.
  void write_offsets(Cut cut, std::ptrdiff_t* offsets) const;
  // Lays a band of a group out in bytes(cut) at `memory` and sets the left side of `work`, and which of its
  // rows belong where.
  void arrange(Cut cut, const MatrixBand& band, int group, const std::ptrdiff_t* offsets, std::byte* memory,
               MatrixWork& work) const;
  // What of the source arrange() reads for a band of one image, but for rows that windows of others share.
  MatrixAhead source_of(const MatrixBand& band, int group) const;

 private:
  struct Sizes {
    std::ptrdiff_t part;     // columns of an image's rows
    std::ptrdiff_t columns;  // of a plane
    std::ptrdiff_t wide;     // bytes of a wide plane
    std::ptrdiff_t planes;   // bytes of all planes
    std::ptrdiff_t tiles;    // at most
    std::ptrdiff_t runs;     // at most
  };
  Sizes sizes(Cut cut) const;
  std::ptrdiff_t block_bytes() const { return static_cast<std::ptrdiff_t>(kChannelBlock) * source_.element; }
  std::ptrdiff_t phase_columns(Cut cut) const { return (cut.rows + extra_rows_) * row_columns_; }
  void clear_unwritten(const Sizes& z, std::byte* planes) const;
  void copy_part(Cut cut, const MatrixBand& band, int group, int part, std::byte* planes) const;
  void copy_planar(const std::byte* from, int channels, std::ptrdiff_t step, std::ptrdiff_t count, int pixel,
                   std::byte* to) const;
  void copy_plane(const MatrixBand& band, int image, const std::byte* from, int channels, int pixel,
                  std::ptrdiff_t phase, std::byte* to) const;
  void find_runs(Cut cut, const MatrixBand& band, MatrixTile* tiles, MatrixRun* runs, MatrixWork& work) const;
  void find_quads(MatrixQuad* quads, MatrixWork& work) const;

  MatrixSource source_;
  MatrixPlaces places_;
  ConvShape shape_;
  MatrixSteps steps_;
  bool flat_;
  bool whole_;  // flat, and so is the input: its pixels follow each other as the output's do
  bool dense_;  // results of a row end where those of the next begin
  int rows_;
  int width_;       // output pixels of a row
  int pitch_;       // positions from row to row
  int stride_;      // columns from position to position
  int phases_;      // input rows that are so many apart are neighbours, if no pixel holds several
  int extra_rows_;  // that windows reach into, in each phase
  std::ptrdiff_t row_columns_;
  int columns_read_;  // by a row of windows
};

}  // namespace tenon::cpu
