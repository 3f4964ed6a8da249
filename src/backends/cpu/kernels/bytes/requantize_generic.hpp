// requantize.hpp over the vector types of simd/. Include after one of the levels of bytes/.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstdint>

namespace tenon::cpu {
namespace {

TENON_SIMD simd::I32 load_byte_lanes(const void* p, bool is_signed) {
  return is_signed ? simd::load_i8(p) : simd::load_u8(p);
}

template <int Count>
inline __attribute__((always_inline)) void apply_leaky(const Requantize& e, simd::F32 (&v)[Count]) {
  using V = simd::F32;
  const V alpha = V::set1(e.alpha);
  unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
    v[i.value] = select(v[i.value] < V::zero(), v[i.value] * alpha, v[i.value]);
  });
}

// Adds the residual from element `at` on.
template <int Count>
inline __attribute__((always_inline)) void add_byte_residual(const Requantize& e, std::ptrdiff_t at,
                                                             simd::F32 (&v)[Count]) {
  using V = simd::F32;
  const auto* residual = static_cast<const std::uint8_t*>(e.residual) + at;
  const simd::I32 zero = simd::I32::set1(e.residual_zero);
  const V scale = V::set1(e.residual_multiplier);
  unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
    const simd::I32 r = load_byte_lanes(residual + i.value * V::kLanes, e.residual_signed);
    v[i.value] = v[i.value] + to_float(r - zero) * scale;
  });
}

// What follows the sum: leaky, bounds.
template <int Count>
inline __attribute__((always_inline)) void activate_quantized(const Requantize& e, simd::F32 (&v)[Count]) {
  using V = simd::F32;
  if (e.leaky) apply_leaky(e, v);
  if (e.bounded) {
    const V low = V::set1(e.low), high = V::set1(e.high);
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { v[i.value] = min(max(v[i.value], low), high); });
  }
}

// Stores Count vectors of v at element `at` of dst. Count is 1, or a multiple of 4 or of what a store of
// bytes takes.
template <int Count>
inline __attribute__((always_inline)) void store_quantized(const Requantize& e, const simd::F32 (&v)[Count],
                                                           void* dst, std::ptrdiff_t at) {
  constexpr int kLanes = simd::F32::kLanes;
  constexpr int kStore = Count % 4 == 0 ? 4 : 1;
  if (!e.bytes) {
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
      v[i.value].store(static_cast<float*>(dst) + at + i.value * kLanes);
    });
    return;
  }
  const simd::I32 zero = simd::I32::set1(e.zero);
  unroll<Count / kStore>([&](auto s) TENON_INLINE_LAMBDA {
    simd::I32 codes[kStore];
    unroll<kStore>([&](auto i) TENON_INLINE_LAMBDA {
      codes[i.value] = simd::to_int(v[s.value * kStore + i.value]) + zero;
    });
    simd::store_bytes(codes, static_cast<std::uint8_t*>(dst) + at + s.value * kStore * kLanes);
  });
}

TENON_SIMD simd::Codes codes_of(const Requantize& e) {
  return {e.is_signed, e.zero, e.low_code, e.high_code};
}

// What follows the sum where bounds are left to the narrowing of integers.
template <int Count>
inline __attribute__((always_inline)) void store_narrow(const Requantize& e, const simd::Codes& codes,
                                                        simd::F32 (&v)[Count], void* dst, std::ptrdiff_t at) {
  using V = simd::F32;
  constexpr int kStore = Count % 4 == 0 ? 4 : 1;
  if (e.leaky) apply_leaky(e, v);
  unroll<Count / kStore>([&](auto s) TENON_INLINE_LAMBDA {
    simd::I32 rounded[kStore];
    unroll<kStore>([&](auto i)
                       TENON_INLINE_LAMBDA { rounded[i.value] = to_int(v[s.value * kStore + i.value]); });
    codes.store(rounded, static_cast<std::uint8_t*>(dst) + at + s.value * kStore * V::kLanes);
  });
}

// `pixels` x 16 sums of one channel block, one after the other, to results and from a residual that lie as
// they do, from element `at` on. `multiplier` is the block's, `codes` what
// codes_of gives.
template <bool Residual, bool Narrow>
inline void requantize_block_as(const Requantize& e, const simd::Codes& codes, const std::int32_t* sums,
                                const float* multiplier, void* dst, std::ptrdiff_t at, int pixels) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kMany = kPerBlock > 4 ? kPerBlock : 4;
  V scale[kPerBlock];
  unroll<kPerBlock>([&](auto i)
                        TENON_INLINE_LAMBDA { scale[i.value] = V::load(multiplier + i.value * V::kLanes); });
  const auto some = [&]<int Count>(Index<Count>, std::ptrdiff_t i) TENON_INLINE_LAMBDA {
    V v[Count];
    unroll<Count>([&](auto c) TENON_INLINE_LAMBDA {
      v[c.value] = to_float(simd::I32::load(sums + i + c.value * V::kLanes)) * scale[c.value % kPerBlock];
    });
    if constexpr (Residual) add_byte_residual(e, at + i, v);
    if constexpr (Narrow) {
      store_narrow(e, codes, v, dst, at + i);
    } else {
      activate_quantized(e, v);
      store_quantized(e, v, dst, at + i);
    }
  };
  const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(pixels) * kChannelBlock;
  std::ptrdiff_t i = 0;
  for (; i + kMany * V::kLanes <= count; i += kMany * V::kLanes) some(Index<kMany>{}, i);
  for (; i < count; i += kChannelBlock) some(Index<kPerBlock>{}, i);
}

inline void requantize_block(const Requantize& e, const simd::Codes& codes, const std::int32_t* sums,
                             const float* multiplier, void* dst, std::ptrdiff_t at, int pixels) {
  if (e.narrow) {
    if (e.residual) return requantize_block_as<true, true>(e, codes, sums, multiplier, dst, at, pixels);
    return requantize_block_as<false, true>(e, codes, sums, multiplier, dst, at, pixels);
  }
  if (e.residual) return requantize_block_as<true, false>(e, codes, sums, multiplier, dst, at, pixels);
  requantize_block_as<false, false>(e, codes, sums, multiplier, dst, at, pixels);
}

}  // namespace
}  // namespace tenon::cpu
