// norm.hpp over the vector types of bytes/.
#pragma once

#include "backends/cpu/kernels/norm/norm.hpp"
#include "backends/cpu/kernels/quantize/codes.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
#include "backends/cpu/kernels/simd/rows.hpp"

#include <cmath>
#include <cstring>

namespace tenon::cpu {
namespace {

struct Moments {
  float mean;
  float inverse;
};

Moments moments_of(const float* src, std::ptrdiff_t n, bool center, float epsilon) {
  using V = simd::F32;
  const double count = static_cast<double>(n);
  const double mean = center ? simd::sum_row(src, n, [](V x) TENON_INLINE_LAMBDA { return x; }) / count : 0.0;
  const V m = V::set1(static_cast<float>(mean));
  const double square = simd::sum_row(src, n,
                                      [&](V x) TENON_INLINE_LAMBDA {
                                        const V d = x - m;
                                        return d * d;
                                      }) /
                        count;
  return {static_cast<float>(mean),
          static_cast<float>(1.0 / std::sqrt(square + static_cast<double>(epsilon)))};
}

// of(x, i) for each x = src[i ...] of a row: to floats, to bytes, and into its range, where asked.
template <class Of>
TENON_SIMD void round_row(const RowNormArgs& args, std::ptrdiff_t row, const Of& of) {
  using V = simd::F32;
  const std::ptrdiff_t n = args.size, first = row * n;
  const float* const src = args.src + first;
  float* const dst = args.dst ? args.dst + first : nullptr;
  std::uint8_t* const bytes = args.bytes ? args.bytes + first : nullptr;
  const ByteCodes code(args.bytes_scale, args.bytes_zero, args.bytes_signed);
  V low = V::zero(), high = V::zero();
  const std::ptrdiff_t i =
      each_vectors(0, n, [&]<int Count>(Index<Count>, std::ptrdiff_t at) TENON_INLINE_LAMBDA {
        V y[Count];
        unroll<Count>([&](auto v) TENON_INLINE_LAMBDA {
          const std::ptrdiff_t lane = at + v.value * V::kLanes;
          y[v.value] = of(V::load(src + lane), lane);
          if (dst) y[v.value].store(dst + lane);
        });
        if (args.ranges) {
          unroll<Count>([&](auto v) TENON_INLINE_LAMBDA {
            low = min(y[v.value], low);
            high = max(y[v.value], high);
          });
        }
        if (bytes) {
          simd::I32 codes[Count];
          unroll<Count>([&](auto v) TENON_INLINE_LAMBDA { codes[v.value] = code(y[v.value]); });
          simd::store_bytes(codes, bytes + at);
        }
      });
  if (i < n) {
    const int left = static_cast<int>(n - i);
    const V y = select(simd::first_lanes(left), of(V::load_n(src + i, left), i), V::zero());
    if (dst) y.store_n(dst + i, left);
    low = min(y, low);
    high = max(y, high);
    if (bytes) {
      std::uint8_t last[V::kLanes];
      simd::store_bytes({code(y)}, last);
      std::memcpy(bytes + i, last, static_cast<std::size_t>(left));
    }
  }
  if (args.ranges) args.ranges[row] = {reduce_min(low), reduce_max(high)};
}

template <bool Scaled, bool Biased>
void normalize_row(const RowNormArgs& args, std::ptrdiff_t row) {
  using V = simd::F32;
  const std::ptrdiff_t n = args.size;
  const float* const src = args.src + row * n;
  const Moments moments = moments_of(src, n, args.center, args.epsilon);
  const V mean = V::set1(moments.mean);
  const V inverse = V::set1(moments.inverse);
  const auto at = [&](const float* p, std::ptrdiff_t i) TENON_INLINE_LAMBDA {
    return i + V::kLanes <= n ? V::load(p + i) : V::load_n(p + i, static_cast<int>(n - i));
  };
  const auto normalized = [&](V x, std::ptrdiff_t i) TENON_INLINE_LAMBDA {
    V y = (x - mean) * inverse;
    if constexpr (Scaled) y = y * at(args.scale, i);
    if constexpr (Biased) y = y + at(args.bias, i);
    return y;
  };
  if (args.bytes || args.ranges) {
    round_row(args, row, normalized);
  } else {
    simd::map_row(src, args.dst + row * n, n, normalized);
  }
}

void norm_rows(const RowNormArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  for (std::ptrdiff_t row = begin; row < end; ++row) {
    if (args.scale && args.bias) {
      normalize_row<true, true>(args, row);
    } else if (args.scale) {
      normalize_row<true, false>(args, row);
    } else if (args.bias) {
      normalize_row<false, true>(args, row);
    } else {
      normalize_row<false, false>(args, row);
    }
  }
}

void affine_row(const float* src, float* dst, std::ptrdiff_t n, float mean, float scale, float shift) {
  using V = simd::F32;
  const V m = V::set1(mean);
  const V a = V::set1(scale);
  const V b = V::set1(shift);
  simd::map_row(src, dst, n, [&](V x, std::ptrdiff_t) TENON_INLINE_LAMBDA { return fma(x - m, a, b); });
}

void norm_groups(const GroupNormArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t first_channel = unit % args.groups * args.channels;
    const std::ptrdiff_t base = unit * args.channels * args.spatial;
    const Moments moments = moments_of(args.src + base, args.channels * args.spatial, true, args.epsilon);
    for (std::ptrdiff_t c = 0; c < args.channels; ++c) {
      const std::ptrdiff_t at = base + c * args.spatial;
      const float scale = args.scale ? args.scale[first_channel + c] : 1.0F;
      const float bias = args.bias ? args.bias[first_channel + c] : 0.0F;
      affine_row(args.src + at, args.dst + at, args.spatial, moments.mean, moments.inverse * scale, bias);
    }
  }
}

// scale and shift are read to the last channel only, so that padding lanes become zero.
template <class T>
void affine_block(const AffineArgs& args, std::ptrdiff_t unit) {
  const T* src = static_cast<const T*>(args.src);
  T* dst = static_cast<T*>(args.dst);
  using V = simd::F32;
  constexpr int kVectors = kChannelBlock / V::kLanes;
  const std::ptrdiff_t blocks = (args.channels + kChannelBlock - 1) / kChannelBlock;
  const std::ptrdiff_t channel = unit % blocks * kChannelBlock;
  V scale[kVectors];
  V shift[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const std::ptrdiff_t left = args.channels - channel - v * V::kLanes;
    const int lanes = left < 0 ? 0 : left < V::kLanes ? static_cast<int>(left) : V::kLanes;
    scale[v] = V::zero();
    shift[v] = V::zero();
    if (lanes == 0) continue;
    scale[v] = V::load_n(args.scale + channel + v * V::kLanes, lanes);
    shift[v] = V::load_n(args.shift + channel + v * V::kLanes, lanes);
  }
  const std::ptrdiff_t base = unit * args.spatial * kChannelBlock;
  for (std::ptrdiff_t i = 0; i < args.spatial; ++i) {
    const std::ptrdiff_t at = base + i * kChannelBlock;
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const std::ptrdiff_t lane = at + v.value * V::kLanes;
      simd::store(dst + lane, fma(simd::load(src + lane), scale[v.value], shift[v.value]));
    });
  }
}

void norm_affine(const AffineArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    if (args.blocked) {
      switch (args.type) {
        case DataType::bf16: affine_block<bfloat16>(args, unit); break;
        case DataType::f16: affine_block<float16>(args, unit); break;
        default: affine_block<float>(args, unit);
      }
    } else {
      const std::ptrdiff_t channel = unit % args.channels;
      const std::ptrdiff_t at = unit * args.spatial;
      affine_row(static_cast<const float*>(args.src) + at, static_cast<float*>(args.dst) + at, args.spatial,
                 0.0F, args.scale[channel], args.shift[channel]);
    }
  }
}

constexpr NormRoutines kNormRoutines = {norm_rows, norm_groups, norm_affine};

}  // namespace
}  // namespace tenon::cpu
