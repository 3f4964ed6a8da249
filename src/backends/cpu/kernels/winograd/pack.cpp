#include "backends/cpu/kernels/winograd/points.hpp"
#include "backends/cpu/kernels/winograd/winograd.hpp"

namespace tenon::cpu {

namespace {

constexpr int kMaxTaps = 5;
constexpr int kMaxAlpha = 8;

struct FilterTransform {
  int alpha;
  double g[kMaxAlpha][kMaxTaps];
};

template <int Alpha>
FilterTransform filter_transform(int taps) {
  using Points = WinogradPoints<Alpha>;
  FilterTransform t{Alpha, {}};
  const auto value = [](const typename Points::Polynomial& q, double z) {
    double sum = 0;
    for (int i = Points::kPairs; i >= 0; --i) sum = sum * z + q.c[i];
    return sum;
  };
  t.g[0][0] = 1 / value(Points::all(), 0);
  for (int j = 0; j < Points::kPairs; ++j) {
    const double p = Points::p[j];
    const double divisor = 2 * p * p * value(Points::others(j), p * p);
    for (int i = 0; i < taps; ++i) {
      t.g[2 * j + 1][i] = Points::power(j, i) / divisor;
      t.g[2 * j + 2][i] = (i % 2 ? -1 : 1) * Points::power(j, i) / divisor;
    }
  }
  t.g[Alpha - 1][taps - 1] = 1;
  return t;
}

FilterTransform filter_transform(int alpha, int taps) {
  switch (alpha) {
    case 4: return filter_transform<4>(taps);
    case 6: return filter_transform<6>(taps);
    default: return filter_transform<8>(taps);
  }
}

using Lanes = double[kChannelBlock];

// sum over i of g[i] * in[i * step], for all lanes
void combine(const double* g, int taps, const Lanes* in, int step, Lanes& out) {
  for (int o = 0; o < kChannelBlock; ++o) out[o] = g[0] * in[0][o];
  for (int i = 1; i < taps; ++i) {
    for (int o = 0; o < kChannelBlock; ++o) out[o] += g[i] * in[i * step][o];
  }
}

}  // namespace

std::size_t winograd_packed_size(const ConvShape& s, int outputs) {
  const int alpha = outputs + s.kernel_h - 1;
  return static_cast<std::size_t>(alpha) * static_cast<std::size_t>(alpha) *
         static_cast<std::size_t>(channel_blocks(s.out_channels) * s.in_channels * kChannelBlock);
}

void winograd_pack(const ConvShape& s, int outputs, const float* weights, float* packed) noexcept {
  const int taps = s.kernel_h;
  const int alpha = outputs + taps - 1;
  const FilterTransform t = filter_transform(alpha, taps);
  const std::ptrdiff_t filter = static_cast<std::ptrdiff_t>(taps) * taps;
  const std::ptrdiff_t element = channel_blocks(s.out_channels) * s.in_channels * kChannelBlock;
  Lanes plain[kMaxTaps * kMaxTaps];
  Lanes half[kMaxAlpha * kMaxTaps];
  for (int o0 = 0; o0 < s.out_channels; o0 += kChannelBlock) {
    for (int c = 0; c < s.in_channels; ++c, packed += kChannelBlock) {
      for (int o = 0; o < kChannelBlock; ++o) {
        const float* from = weights + (static_cast<std::ptrdiff_t>(o0 + o) * s.in_channels + c) * filter;
        for (int i = 0; i < filter; ++i) plain[i][o] = o0 + o < s.out_channels ? from[i] : 0.0;
      }
      for (int y = 0; y < alpha; ++y) {
        for (int i = 0; i < taps; ++i) combine(t.g[y], taps, plain + i, taps, half[y * taps + i]);
      }
      float* to = packed;
      for (int y = 0; y < alpha; ++y) {
        for (int x = 0; x < alpha; ++x, to += element) {
          Lanes sum;
          combine(t.g[x], taps, half + y * taps, 1, sum);
          for (int o = 0; o < kChannelBlock; ++o) to[o] = static_cast<float>(sum[o]);
        }
      }
    }
  }
}

}  // namespace tenon::cpu
