#include "backends/cpu/kernels/conv_s8/source.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

constexpr int kChunk = 64;  // pixels

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
class ByteCopier {
 public:
  ByteCopier(const BandGeometry& g, const ConvS8Kernel& kernel, const ConvS8Args& args)
      : g_(g), kernel_(kernel), args_(args), flip_(args.src_signed ? 0x80 : 0) {
    const auto zero = static_cast<std::uint8_t>(args.src_zero ^ flip_);
    wide_zero_ = zero;
    zero_ = zero;
  }

  // Of a block, or of the planes.
  std::byte* copy(const std::byte* source, std::ptrdiff_t pixels, std::byte* to) const {
    const auto* from = reinterpret_cast<const std::uint8_t*>(source);
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

  std::byte* fill(std::ptrdiff_t pixels, std::byte* to) const {
    const std::ptrdiff_t bytes = pixels * g_.pixel;
    if (!kernel_.wide) {
      std::memset(to, zero_, static_cast<std::size_t>(bytes));
    } else {
      for (std::ptrdiff_t i = 0; i < bytes; i += kernel_.element())
        std::memcpy(to + i, &wide_zero_, sizeof wide_zero_);
    }
    return to + bytes;
  }

 private:
  const BandGeometry& g_;
  const ConvS8Kernel& kernel_;
  const ConvS8Args& args_;
  std::uint8_t flip_;
  std::uint8_t zero_;
  std::int16_t wide_zero_;
};

}  // namespace

BandForm s8_band(const ConvS8Kernel& kernel, const ConvS8Args& args) {
  return {kS8Group, 1, kernel.element(), kernel.wide || args.src_signed || args.planar, kS8Group};
}

BandSource s8_source(const BandGeometry& g, const ConvS8Kernel& kernel, const ConvS8Args& args, int image,
                     int group, int begin, int end, std::byte* scratch) {
  const ConvShape& s = g.shape;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
  const auto* src = reinterpret_cast<const std::byte*>(args.src);
  BandInput input{};
  if (args.planar) {
    input = {src + image * s.in_channels * plane, 1, 0};
  } else {
    const std::ptrdiff_t first =
        (static_cast<std::ptrdiff_t>(image) * s.groups + group) * channel_blocks(s.group_in());
    input = {src + first * plane * kChannelBlock, kChannelBlock, plane * kChannelBlock};
  }
  return band_source(g, input, begin, end, scratch, ByteCopier(g, kernel, args));
}

}  // namespace tenon::cpu
