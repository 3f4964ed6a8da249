#include "backends/cpu/kernels/winograd/points.hpp"
#include "backends/cpu/kernels/winograd/winograd.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

constexpr int kMaxTaps = 5;
constexpr int kMaxAlpha = 8;
constexpr int kMaxPairs = (kMaxAlpha - 2) / 2;
constexpr int kRun = 8;  // input channels

// G by rows: of the point 0 only the first coefficient, of the points p and -p those of p, of infinity none.
struct FilterTransform {
  int pairs;
  double zero;
  double p[kMaxPairs][kMaxTaps];
};

template <int Alpha>
FilterTransform filter_transform(int taps) {
  using Points = WinogradPoints<Alpha>;
  const auto value = [](const typename Points::Polynomial& q, double z) {
    double sum = 0;
    for (int i = Points::kPairs; i >= 0; --i) sum = sum * z + q.c[i];
    return sum;
  };
  FilterTransform t{Points::kPairs, 1 / value(Points::all(), 0), {}};
  for (int j = 0; j < Points::kPairs; ++j) {
    const double square = Points::power(j, 2);
    const double divisor = 2 * square * value(Points::others(j), square);
    for (int i = 0; i < taps; ++i) t.p[j][i] = Points::power(j, i) / divisor;
  }
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

// sum over every second i from `first` on of p[i] * in[i * step]
void combine(const double* p, int first, int taps, const Lanes* in, int step, Lanes& sum) {
  for (int o = 0; o < kChannelBlock; ++o) sum[o] = p[first] * in[first * step][o];
  for (int i = first + 2; i < taps; i += 2) {
    for (int o = 0; o < kChannelBlock; ++o) sum[o] += p[i] * in[i * step][o];
  }
}

// out = G in for one row or column of a filter
void transform_line(const FilterTransform& t, int taps, const Lanes* in, int in_step, Lanes* out,
                    int out_step) {
  for (int o = 0; o < kChannelBlock; ++o) out[0][o] = t.zero * in[0][o];
  for (int j = 0; j < t.pairs; ++j) {
    Lanes even;
    Lanes odd;
    combine(t.p[j], 0, taps, in, in_step, even);
    combine(t.p[j], 1, taps, in, in_step, odd);
    Lanes& plus = out[(2 * j + 1) * out_step];
    Lanes& minus = out[(2 * j + 2) * out_step];
    for (int o = 0; o < kChannelBlock; ++o) plus[o] = even[o] + odd[o];
    for (int o = 0; o < kChannelBlock; ++o) minus[o] = even[o] - odd[o];
  }
  std::copy_n(in[(taps - 1) * in_step], kChannelBlock, out[(2 * t.pairs + 1) * out_step]);
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
  Lanes whole[kMaxAlpha * kMaxAlpha];
  // Elements lie far apart in `packed`: a few input channels at a time spare most of the walks between them.
  float run[kMaxAlpha * kMaxAlpha][kRun * kChannelBlock];
  for (int o0 = 0; o0 < s.out_channels; o0 += kChannelBlock) {
    const int lanes = std::min(s.out_channels - o0, kChannelBlock);
    for (int c0 = 0; c0 < s.in_channels; c0 += kRun) {
      const int channels = std::min(s.in_channels - c0, kRun);
      for (int c = 0; c < channels; ++c) {
        for (int o = 0; o < kChannelBlock; ++o) {
          const std::ptrdiff_t from = (static_cast<std::ptrdiff_t>(o0 + o) * s.in_channels + c0 + c) * filter;
          for (int i = 0; i < filter; ++i) plain[i][o] = o < lanes ? weights[from + i] : 0.0;
        }
        for (int x = 0; x < taps; ++x) transform_line(t, taps, plain + x, taps, half + x, taps);
        for (int y = 0; y < alpha; ++y) transform_line(t, taps, half + y * taps, 1, whole + y * alpha, 1);
        for (int e = 0; e < alpha * alpha; ++e) {
          for (int o = 0; o < kChannelBlock; ++o) {
            run[e][c * kChannelBlock + o] = static_cast<float>(whole[e][o]);
          }
        }
      }
      const int floats = channels * kChannelBlock;
      for (int e = 0; e < alpha * alpha; ++e) std::copy_n(run[e], floats, packed + e * element);
      packed += floats;
    }
  }
}

}  // namespace tenon::cpu
