#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

constexpr int kTaps = 3;
constexpr int kElements = kWinogradS8Alpha * kWinogradS8Alpha;

constexpr int kPairs = kChannelBlock * kWinogradS8Pair;

// The same element of filters that are transformed at once: of every pair of channels of a block.
struct PairLanes {
  int of[kPairs];
};

// out = G in, with steps between the elements of both
void transform_line(const PairLanes* in, int in_step, PairLanes* out, int out_step) {
  const PairLanes first = in[0], second = in[in_step], third = in[2 * in_step];
  const auto set = [&](int element, const auto& of) {
    PairLanes& lanes = out[element * out_step];
    for (int i = 0; i < kPairs; ++i) lanes.of[i] = of(first.of[i], second.of[i], third.of[i]);
  };
  set(0, [](int a, int, int) { return 6 * a; });
  set(1, [](int a, int b, int c) { return -4 * (a + b + c); });
  set(2, [](int a, int b, int c) { return -4 * (a - b + c); });
  set(3, [](int a, int b, int c) { return a + 2 * b + 4 * c; });
  set(4, [](int a, int b, int c) { return a - 2 * b + 4 * c; });
  set(5, [](int, int, int c) { return 12 * c; });
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
  const std::ptrdiff_t element = round_up(s.out_channels, kChannelBlock) * depth_of(s);
  PairLanes filters[kTaps * kTaps], half[kWinogradS8Alpha * kTaps], whole[kElements];
  for (int o0 = 0; o0 < s.out_channels; o0 += kChannelBlock) {
    for (int c0 = 0; c0 < s.in_channels; c0 += kWinogradS8Pair, packed += kPairs) {
      for (int i = 0; i < kPairs; ++i) {
        const int o = o0 + i / kWinogradS8Pair, c = c0 + i % kWinogradS8Pair;
        const bool there = o < s.out_channels && c < s.in_channels;
        const std::int8_t* filter =
            weights + (static_cast<std::ptrdiff_t>(o) * s.in_channels + c) * kTaps * kTaps;
        for (int tap = 0; tap < kTaps * kTaps; ++tap) filters[tap].of[i] = there ? filter[tap] : 0;
      }
      for (int x = 0; x < kTaps; ++x) transform_line(filters + x, kTaps, half + x, kTaps);
      for (int y = 0; y < kWinogradS8Alpha; ++y)
        transform_line(half + y * kTaps, 1, whole + y * kWinogradS8Alpha, 1);
      for (int e = 0; e < kElements; ++e) {
        for (int i = 0; i < kPairs; ++i) packed[e * element + i] = static_cast<std::int16_t>(whole[e].of[i]);
      }
    }
  }
}

}  // namespace tenon::cpu
