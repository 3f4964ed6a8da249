// The routines of attention.hpp over the vector type of simd/.
#pragma once

#include "backends/cpu/kernels/attention/attention.hpp"
#include "backends/cpu/kernels/simd/math.hpp"
#include "backends/cpu/kernels/simd/transpose.hpp"

namespace tenon::cpu {
namespace {

// Neighbouring vectors of queries that are handled together.
constexpr int kQueryVectors = 2;
constexpr int kQueryLanes = kQueryVectors * simd::F32::kLanes;

// Below every score but -inf, so that the exponential of -inf against it is 0 and not NaN.
constexpr float kLowest = -std::numeric_limits<float>::max();

template <bool Masked, bool Limited>
void softmax_queries(const AttentionBlock& b, int lane) {
  using V = simd::F32;
  const V scale = V::set1(b.scale);
  V index[kQueryVectors];
  V top[kQueryVectors];
  V sum[kQueryVectors];
  float lanes[kQueryLanes];
  for (int i = 0; i < kQueryLanes; ++i) lanes[i] = static_cast<float>(i + lane);
  unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
    index[v.value] = V::load(lanes + v.value * V::kLanes);
    top[v.value] = b.first ? V::set1(kLowest) : V::load(b.top + lane + v.value * V::kLanes);
    sum[v.value] = V::zero();
  });
  V before[kQueryVectors];
  unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA { before[v.value] = top[v.value]; });

  for (int t = 0; t < b.keys; ++t) {
    float* row = b.scores + static_cast<std::ptrdiff_t>(t) * b.width + lane;
    unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
      V x = V::load(row + v.value * V::kLanes) * scale;
      if constexpr (Masked) {
        const float* mask = b.mask + t * b.mask_key;
        x = x + (b.mask_query ? V::load(mask + lane + v.value * V::kLanes) : V::set1(*mask));
      }
      if constexpr (Limited) {
        const V behind = V::set1(static_cast<float>(t - b.visible));
        x = select(behind < index[v.value], x, V::set1(-simd::kInfinity));
      }
      x.store(row + v.value * V::kLanes);
      top[v.value] = max(x, top[v.value]);
    });
  }
  for (int t = 0; t < b.keys; ++t) {
    float* row = b.scores + static_cast<std::ptrdiff_t>(t) * b.width + lane;
    unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const V e = simd::exp(V::load(row + v.value * V::kLanes) - top[v.value]);
      e.store(row + v.value * V::kLanes);
      sum[v.value] = sum[v.value] + e;
    });
  }

  if (!b.first) {
    V shrink[kQueryVectors];
    unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
      shrink[v.value] = simd::exp(before[v.value] - top[v.value]);
      sum[v.value] = fma(V::load(b.sum + lane + v.value * V::kLanes), shrink[v.value], sum[v.value]);
    });
    for (int e = 0; e < b.value_depth; ++e) {
      float* row = b.out + static_cast<std::ptrdiff_t>(e) * b.width + lane;
      unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
        (V::load(row + v.value * V::kLanes) * shrink[v.value]).store(row + v.value * V::kLanes);
      });
    }
  }
  unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
    top[v.value].store(b.top + lane + v.value * V::kLanes);
    sum[v.value].store(b.sum + lane + v.value * V::kLanes);
  });
}

void attention_softmax(const AttentionBlock& b) noexcept {
  const bool limited = b.visible < b.keys;
  for (int lane = 0; lane < b.width; lane += kQueryLanes) {
    if (b.mask) {
      limited ? softmax_queries<true, true>(b, lane) : softmax_queries<true, false>(b, lane);
    } else {
      limited ? softmax_queries<false, true>(b, lane) : softmax_queries<false, false>(b, lane);
    }
  }
}

void attention_store(const AttentionBlock& b, int queries, float* y, std::ptrdiff_t row) noexcept {
  using V = simd::F32;
  constexpr int kLanes = V::kLanes;
  for (int lane = 0; lane < queries; lane += kLanes) {
    const V sum = V::load(b.sum + lane);
    V scale = V::set1(1.0F) / sum;
    // The largest score alone contributes 1 to the sum.
    if (b.blind_is_zero) scale = select(sum < V::set1(0.5F), V::zero(), scale);
    const int count = queries - lane < kLanes ? queries - lane : kLanes;
    for (int e = 0; e < b.value_depth; e += kLanes) {
      const int rest = b.value_depth - e < kLanes ? b.value_depth - e : kLanes;
      V x[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        x[i] = i < rest ? V::load(b.out + static_cast<std::ptrdiff_t>(e + i) * b.width + lane) * scale
                        : V::zero();
      }
      simd::transpose(x);
      for (int i = 0; i < count; ++i) x[i].store_n(y + (lane + i) * row + e, rest);
    }
  }
}

constexpr AttentionRoutines kAttentionRoutines = {attention_softmax, attention_store};

}  // namespace
}  // namespace tenon::cpu
