#include "backends/cpu/kernels/conv_s8/source.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

// A band's copy should stay in the second-level cache beside the weights.
constexpr std::ptrdiff_t kBandBytes = 256 * 1024;
constexpr int kChunk = 64;  // pixels
constexpr std::ptrdiff_t kConvS8SourceLine = 64;

using Bytes16 [[gnu::vector_size(16)]] = std::uint8_t;

Bytes16 load16(const std::uint8_t* p) {
  Bytes16 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

void store16(std::uint8_t* p, Bytes16 v) { std::memcpy(p, &v, sizeof v); }

Bytes16 low_pairs(Bytes16 a, Bytes16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
Bytes16 high_pairs(Bytes16 a, Bytes16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
Bytes16 low_fours(Bytes16 a, Bytes16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}
Bytes16 high_fours(Bytes16 a, Bytes16 b) {
  return __builtin_shufflevector(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

// to[i][c] = planes[c][i] for c < channels <= 4, else 0.
void interleave(const std::uint8_t* planes, std::ptrdiff_t plane, int channels, int count, std::uint8_t* to) {
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    Bytes16 x[kS8Group] = {};
    for (int c = 0; c < channels; ++c) x[c] = load16(planes + c * plane + i);
    const Bytes16 ab = low_pairs(x[0], x[1]), cd = low_pairs(x[2], x[3]);
    const Bytes16 ab_high = high_pairs(x[0], x[1]), cd_high = high_pairs(x[2], x[3]);
    store16(to + i * kS8Group, low_fours(ab, cd));
    store16(to + i * kS8Group + 16, high_fours(ab, cd));
    store16(to + i * kS8Group + 32, low_fours(ab_high, cd_high));
    store16(to + i * kS8Group + 48, high_fours(ab_high, cd_high));
  }
  for (; i < count; ++i) {
    for (int c = 0; c < kS8Group; ++c) to[i * kS8Group + c] = c < channels ? planes[c * plane + i] : 0;
  }
}

// Writes one block's band.
class Copier {
 public:
  Copier(const S8Geometry& g, const ConvS8Kernel& kernel, const ConvS8Args& args)
      : g_(g), kernel_(kernel), args_(args), flip_(args.src_signed ? 0x80 : 0) {
    const auto zero = static_cast<std::uint8_t>(args.src_zero ^ flip_);
    wide_zero_ = zero;
    zero_ = zero;
  }

  // `pixels` input pixels from `from` on: of a block, or of the planes.
  std::uint8_t* copy(const std::uint8_t* from, std::ptrdiff_t pixels, std::uint8_t* to) const {
    if (!g_.compact) {
      kernel_.copy(from, pixels * kChannelBlock, flip_, to);
      return to + pixels * g_.pixel;
    }
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(g_.shape.in_h) * g_.shape.in_w;
    std::uint8_t chunk[kChunk * kS8Group];
    for (std::ptrdiff_t i = 0; i < pixels; i += kChunk) {
      const int count = static_cast<int>(std::min<std::ptrdiff_t>(kChunk, pixels - i));
      if (args_.planar) {
        interleave(from + i, plane, g_.shape.in_channels, count, chunk);
      } else {
        for (int p = 0; p < count; ++p)
          std::memcpy(chunk + p * kS8Group, from + (i + p) * kChannelBlock, kS8Group);
      }
      kernel_.copy(chunk, static_cast<std::ptrdiff_t>(count) * kS8Group, flip_, to);
      to += count * g_.pixel;
    }
    return to;
  }

  std::uint8_t* fill(std::ptrdiff_t pixels, std::uint8_t* to) const {
    const std::ptrdiff_t bytes = pixels * g_.pixel;
    if (g_.element == 1) {
      std::memset(to, zero_, static_cast<std::size_t>(bytes));
    } else {
      for (std::ptrdiff_t i = 0; i < bytes; i += g_.element)
        std::memcpy(to + i, &wide_zero_, sizeof wide_zero_);
    }
    return to + bytes;
  }

 private:
  const S8Geometry& g_;
  const ConvS8Kernel& kernel_;
  const ConvS8Args& args_;
  std::uint8_t flip_;
  std::uint8_t zero_;
  std::int16_t wide_zero_;
};

}  // namespace

S8Geometry::S8Geometry(const ConvS8Kernel& kernel, const ConvS8Args& args)
    : shape(conv_merged(args.shape)), flat(shape.pointwise()) {
  const ConvShape& s = shape;
  const auto last = [](int out, int stride, int pad, int taps, int dilation) {
    return static_cast<std::ptrdiff_t>(out - 1) * stride - pad +
           static_cast<std::ptrdiff_t>(taps - 1) * dilation;
  };
  const bool inside = s.pad_top <= 0 && s.pad_left <= 0 &&
                      last(s.out_h, s.stride_h, s.pad_top, s.kernel_h, s.dilation_h) < s.in_h &&
                      last(s.out_w, s.stride_w, s.pad_left, s.kernel_w, s.dilation_w) < s.in_w;
  copied = kernel.wide || args.src_signed || args.planar || !inside;
  compact = copied && s.group_in() <= kS8Group && s.groups == 1;
  element = copied ? kernel.element() : 1;
  pixel = (compact ? kS8Group : kChannelBlock) * element;
  image = s.out_h * s.out_w;
  rows = s.out_h;
  width = s.out_w;
}

void S8Geometry::cut_image(int pixels) {
  if (!flat) return;
  const auto tiles = ceil_div(image, pixels);
  width = static_cast<int>(ceil_div(image, tiles));
  rows = static_cast<int>(ceil_div(image, width));
}

std::ptrdiff_t S8Geometry::band_bytes(int output_rows) const {
  if (!copied) return 0;
  return round_up(channel_blocks(shape.group_in()) * copied_rows(output_rows) * copied_columns() * pixel,
                  kConvS8SourceLine);
}

int S8Geometry::most_rows() const {
  if (!copied) return rows;
  const std::ptrdiff_t one = band_bytes(1);
  const std::ptrdiff_t each = channel_blocks(shape.group_in()) * copy_stride_h() * copied_columns() * pixel;
  if (one >= kBandBytes || each == 0) return 1;
  // Rounding to cache lines adds less than one of them.
  return static_cast<int>(std::min<std::ptrdiff_t>(rows, 1 + (kBandBytes - one) / each));
}

std::ptrdiff_t S8Geometry::scratch_bytes() const {
  if (!copied) return 0;
  const std::ptrdiff_t all =
      flat ? channel_blocks(shape.group_in()) * pixel * (static_cast<std::ptrdiff_t>(image) + kS8MostPixels)
           : band_bytes(rows);
  const std::ptrdiff_t one = flat ? channel_blocks(shape.group_in()) * pixel * kS8MostPixels : band_bytes(1);
  return round_up(std::min(all, std::max(one, kBandBytes)), kConvS8SourceLine) + kConvS8SourceLine;
}

S8Source s8_source(const S8Geometry& g, const ConvS8Kernel& kernel, const ConvS8Args& args, int image,
                   int group, int begin, int end, std::byte* scratch) {
  const ConvShape& s = g.shape;
  const int in_blocks = static_cast<int>(channel_blocks(s.group_in()));
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
  const std::uint8_t* from = args.planar
                                 ? args.src + image * s.in_channels * plane
                                 : args.src + (static_cast<std::ptrdiff_t>(image) * s.groups + group) *
                                                  in_blocks * plane * kChannelBlock;
  const std::ptrdiff_t row_pixels = g.flat ? g.width : g.copied ? g.copied_columns() : s.in_w;
  S8Source source{};
  source.step_w = static_cast<std::ptrdiff_t>(s.stride_w) * g.pixel;
  source.tap_h = s.dilation_h * row_pixels * g.pixel;
  source.tap_w = static_cast<std::ptrdiff_t>(s.dilation_w) * g.pixel;
  if (!g.copied) {
    // An input that is larger than what is read needs no flat image: pads may be negative.
    const std::ptrdiff_t first = g.flat ? 0 : -static_cast<std::ptrdiff_t>(s.pad_top) * s.in_w - s.pad_left;
    source.base = from + first * kChannelBlock;
    source.row = (g.flat ? row_pixels : s.stride_h * row_pixels) * g.pixel;
    source.block = plane * kChannelBlock;
    return source;
  }

  auto* to = reinterpret_cast<std::uint8_t*>(scratch);
  const Copier copier(g, kernel, args);
  const int rows = g.copied_rows(end - begin);
  const std::ptrdiff_t step = args.planar ? 1 : kChannelBlock;  // bytes of an input pixel
  source.base = to;
  source.first_row = begin;
  source.row = g.copy_stride_h() * row_pixels * g.pixel;
  source.block = rows * row_pixels * g.pixel;
  source.taps_are_groups = g.compact && s.dilation_w == 1;
  for (int b = 0; b < in_blocks; ++b, from += plane * kChannelBlock) {
    if (g.flat) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(begin) * g.width;
      const std::ptrdiff_t last =
          std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(end) * g.width, g.image);
      copier.copy(from + first * step, last - first, to);
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
      to = copier.copy(from + (y * s.in_w + skipped) * step, copied, to);
      to = copier.fill(row_pixels - left - copied, to);
    }
  }
  return source;
}

}  // namespace tenon::cpu
