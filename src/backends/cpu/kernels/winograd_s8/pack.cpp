#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

constexpr int kTaps = 3;
constexpr int kElements = kWinogradS8Alpha * kWinogradS8Alpha;

// out = G in, with steps between the elements of both
void transform_line(const int* in, int in_step, int* out, int out_step) {
  const int first = in[0], second = in[in_step], third = in[2 * in_step];
  out[0] = 6 * first;
  out[out_step] = -4 * (first + second + third);
  out[2 * out_step] = -4 * (first - second + third);
  out[3 * out_step] = first + 2 * second + 4 * third;
  out[4 * out_step] = first - 2 * second + 4 * third;
  out[5 * out_step] = 12 * third;
}

// Channels of a pixel's blocks that a product reads.
std::ptrdiff_t depth_of(const ConvShape& s) { return round_up(s.in_channels, kWinogradS8Pair); }

}  // namespace

bool winograd_s8_fits(const ConvShape& s, const std::int8_t* weights) noexcept {
  constexpr std::int64_t kMostByte = 255, kEnd = 1 << 25;
  const std::ptrdiff_t depth = static_cast<std::ptrdiff_t>(s.in_channels) * kTaps * kTaps;
  for (int o = 0; o < s.out_channels; ++o, weights += depth) {
    std::int64_t least = 0, most = 0;
    for (std::ptrdiff_t i = 0; i < depth; ++i) (weights[i] < 0 ? least : most) += kMostByte * weights[i];
    if (least < -kEnd || most >= kEnd) return false;
  }
  return true;
}

std::size_t winograd_s8_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(kElements * round_up(s.out_channels, kChannelBlock) * depth_of(s));
}

void winograd_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int16_t* packed) noexcept {
  constexpr int kPairs = kChannelBlock * kWinogradS8Pair;
  const std::ptrdiff_t element = round_up(s.out_channels, kChannelBlock) * depth_of(s);
  for (int o0 = 0; o0 < s.out_channels; o0 += kChannelBlock) {
    for (int c0 = 0; c0 < s.in_channels; c0 += kWinogradS8Pair, packed += kPairs) {
      for (int i = 0; i < kPairs; ++i) {
        const int o = o0 + i / kWinogradS8Pair, c = c0 + i % kWinogradS8Pair;
        int filter[kTaps * kTaps] = {}, half[kWinogradS8Alpha * kTaps], whole[kElements];
        if (o < s.out_channels && c < s.in_channels)
          std::copy_n(weights + (static_cast<std::ptrdiff_t>(o) * s.in_channels + c) * kTaps * kTaps,
                      kTaps * kTaps, filter);
        for (int x = 0; x < kTaps; ++x) transform_line(filter + x, kTaps, half + x, kTaps);
        for (int y = 0; y < kWinogradS8Alpha; ++y)
          transform_line(half + y * kTaps, 1, whole + y * kWinogradS8Alpha, 1);
        for (int e = 0; e < kElements; ++e) packed[e * element + i] = static_cast<std::int16_t>(whole[e]);
      }
    }
  }
}

}  // namespace tenon::cpu
