// attention_s8.hpp over the vector types of bytes/.
#pragma once

#include "backends/cpu/kernels/attention_s8/attention_s8.hpp"
#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/simd/gates.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>
#include <limits>

namespace tenon::cpu {
namespace {

constexpr int kShareVectors = kChannelBlock / simd::F32::kLanes;  // of a block

void pack_s8_keys(const S8Rows& r, std::int32_t shift, std::int32_t* bias) noexcept {
  const std::uint32_t flip = r.flip * 0x01010101U;
  const int groups = (r.columns + kS8Group - 1) / kS8Group, whole = r.columns / kS8Group;
  const int blocks = (r.rows + kChannelBlock - 1) / kChannelBlock;
  std::int8_t* to = r.packed;
  for (int b = 0; b < blocks; ++b, to += static_cast<std::ptrdiff_t>(groups) * kS8GroupWeights) {
    for (int i = 0; i < kChannelBlock; ++i) {
      const int row = b * kChannelBlock + i;
      std::int8_t* out = to + i * kS8Group;
      if (row >= r.rows) {
        for (int g = 0; g < groups; ++g) std::memset(out + g * kS8GroupWeights, 0, kS8Group);
        bias[row] = 0;
        continue;
      }
      const std::uint8_t* from = r.src + row * r.row;
      for (int g = 0; g < whole; ++g) {
        std::uint32_t four;
        std::memcpy(&four, from + g * kS8Group, kS8Group);
        four ^= flip;
        std::memcpy(out + g * kS8GroupWeights, &four, kS8Group);
      }
      for (int c = whole * kS8Group; c < groups * kS8Group; ++c) {
        out[whole * kS8GroupWeights + c % kS8Group] =
            c < r.columns ? static_cast<std::int8_t>(from[c] ^ r.flip) : std::int8_t{0};
      }
      std::int32_t sum = 0;
      for (int c = 0; c < r.columns; ++c) sum += static_cast<std::int8_t>(from[c] ^ r.flip);
      bias[row] =
          static_cast<std::int32_t>(0U - static_cast<std::uint32_t>(shift) * static_cast<std::uint32_t>(sum));
    }
  }
}

// Four rows of bytes, from four pointers to vectors of them, side by side in the lanes of one.
TENON_SIMD simd::I32 four_rows(const std::uint8_t* const (&rows)[kS8Group], int at, simd::I32 flip) {
  using simd::shift_left;
  const simd::I32 low = simd::load_u8(rows[0] + at) | shift_left<8>(simd::load_u8(rows[1] + at));
  const simd::I32 high = simd::load_u8(rows[2] + at) | shift_left<8>(simd::load_u8(rows[3] + at));
  return (low | shift_left<16>(high)) ^ flip;
}

void pack_s8_values(const S8Rows& r) noexcept {
  constexpr int kLanes = simd::I32::kLanes;
  const simd::I32 flip = simd::I32::set1(static_cast<std::int32_t>(r.flip * 0x01010101U));
  const int groups = (r.rows + kS8Group - 1) / kS8Group;
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(groups) * kS8GroupWeights;
  std::uint8_t nothing[kChannelBlock], partial[kS8Group][kChannelBlock];
  std::memset(nothing, r.flip, sizeof(nothing));
  for (int g = 0; g < groups; ++g) {
    const std::uint8_t* rows[kS8Group];
    for (int i = 0; i < kS8Group; ++i) rows[i] = r.src + (g * kS8Group + i) * r.row;
    for (int c = 0; c < r.columns; c += kChannelBlock) {
      const std::uint8_t* from[kS8Group];
      const int rest = r.columns - c;
      for (int i = 0; i < kS8Group; ++i) {
        if (g * kS8Group + i >= r.rows) {
          from[i] = nothing;
        } else if (rest >= kChannelBlock) {
          from[i] = rows[i] + c;
        } else {
          std::memcpy(partial[i], nothing, kChannelBlock);
          std::memcpy(partial[i], rows[i] + c, static_cast<std::size_t>(rest));
          from[i] = partial[i];
        }
      }
      std::int8_t* to =
          r.packed + c / kChannelBlock * step + static_cast<std::ptrdiff_t>(g) * kS8GroupWeights;
      for (int lane = 0; lane < kChannelBlock; lane += kLanes) {
        std::int32_t words[kLanes];
        four_rows(from, lane, flip).store(words);
        std::memcpy(to + lane * kS8Group, words, sizeof(words));
      }
    }
  }
}

std::int32_t byte_shares(const S8Scores& s) noexcept {
  using V = simd::F32;
  const int blocks = (s.keys + kChannelBlock - 1) / kChannelBlock, whole = s.keys / kChannelBlock;
  float last_mask[kChannelBlock] = {};
  if (whole < blocks) {
    const int rest = s.keys - whole * kChannelBlock;
    float* const scores = s.scores + whole * s.block;
    for (int i = rest; i < kChannelBlock; ++i) scores[i] = -std::numeric_limits<float>::infinity();
    if (s.mask)
      std::memcpy(last_mask, s.mask + whole * kChannelBlock, static_cast<std::size_t>(rest) * sizeof(float));
  }
  V top[kShareVectors];
  unroll<kShareVectors>(
      [&](auto i) TENON_INLINE_LAMBDA { top[i.value] = V::set1(-std::numeric_limits<float>::infinity()); });
  for (int b = 0; b < blocks; ++b) {
    float* const scores = s.scores + b * s.block;
    const float* const mask =
        s.mask && b < whole ? s.mask + static_cast<std::ptrdiff_t>(b) * kChannelBlock : last_mask;
    unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA {
      V score = V::load(scores + i.value * V::kLanes);
      if (s.mask) {
        score = score + V::load(mask + i.value * V::kLanes);
        score.store(scores + i.value * V::kLanes);
      }
      top[i.value] = max(score, top[i.value]);
    });
  }
  unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA { top[0] = max(top[i.value], top[0]); });
  const V most = V::set1(reduce_max(top[0]));

  simd::I32 sums[kShareVectors];
  unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA { sums[i.value] = simd::I32::zero(); });
  for (int b = 0; b < blocks; ++b) {
    const float* const scores = s.scores + b * s.block;
    unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA {
      const V below = V::load(scores + i.value * V::kLanes) - most;
      const V power = op::gates::exp2(below * V::set1(op::gates::kLog2E));
      const simd::I32 share[1] = {to_int(power * V::set1(255.0F))};
      sums[i.value] = sums[i.value] + share[0];
      simd::store_bytes(share, s.shares + b * kChannelBlock + i.value * V::kLanes);
    });
  }
  std::int32_t total = 0;
  unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA {
    std::int32_t lanes[V::kLanes];
    sums[i.value].store(lanes);
    for (const std::int32_t lane : lanes) total += lane;
  });
  return total;
}

void store_s8_values(const S8Values& s) noexcept {
  using V = simd::F32;
  const V shares = V::set1(s.shares), offset = V::set1(s.offset);
  const std::ptrdiff_t element = s.requantize->bytes ? 1 : sizeof(float);
  const float* values = s.values;
  for (int c = 0; c < s.columns; c += kChannelBlock, values += s.block) {
    const int rest = s.columns - c;
    float partial[kChannelBlock];
    void* const to = rest < kChannelBlock ? partial : s.y;
    const std::ptrdiff_t at = rest < kChannelBlock ? 0 : s.at + c;
    unroll<kShareVectors>([&](auto i) TENON_INLINE_LAMBDA {
      V v[1] = {V::load(values + i.value * V::kLanes) / shares + offset};
      activate_quantized(*s.requantize, v);
      store_quantized(*s.requantize, v, to, at + i.value * V::kLanes);
    });
    if (rest < kChannelBlock) {
      std::memcpy(static_cast<std::uint8_t*>(s.y) + (s.at + c) * element, partial,
                  static_cast<std::size_t>(rest * element));
    }
  }
}

constexpr AttentionS8Routines kAttentionS8Routines = {pack_s8_keys, pack_s8_values, byte_shares,
                                                      store_s8_values};

}  // namespace
}  // namespace tenon::cpu
