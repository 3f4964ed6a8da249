// attention_s8.hpp over the vector types of bytes/.
#pragma once

#include "backends/cpu/kernels/attention_s8/attention_s8.hpp"
#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/simd/gates.hpp"
#include "backends/cpu/kernels/simd/transpose.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>
#include <limits>

namespace tenon::cpu {
namespace {

constexpr int kShareVectors = kChannelBlock / simd::F32::kLanes;  // of a block

// A vector of groups of each of kLanes rows becomes one of rows for each group.
void pack_s8_keys(const S8Rows& r, std::int32_t shift, std::int32_t* bias) noexcept {
  using simd::I32, simd::shift_right_logical;
  constexpr int kLanes = I32::kLanes, kBytes = kLanes * kS8Group;
  constexpr int kSummed = 128 / kLanes * kLanes;  // groups whose sums of two bytes each fit into 16 bits
  const I32 flip = I32::set1(static_cast<std::int32_t>(r.flip * 0x01010101U));
  const I32 unsign = I32::set1(static_cast<std::int32_t>(0x80808080U)), pairs = I32::set1(0x00ff00ff);
  const int groups = (r.columns + kS8Group - 1) / kS8Group;
  const int padded = (r.rows + kChannelBlock - 1) / kChannelBlock * kChannelBlock;
  for (int row = 0; row < padded; row += kLanes) {
    std::int8_t* const to = r.packed +
                            static_cast<std::ptrdiff_t>(row / kChannelBlock) * groups * kS8GroupWeights +
                            row % kChannelBlock * kS8Group;
    I32 sum = I32::zero(), part = I32::zero();
    for (int g = 0; g < groups; g += kLanes) {
      const int rest = r.columns - g * kS8Group;
      simd::F32 words[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        std::uint8_t some[kBytes];
        const std::uint8_t* from = some;
        if (row + i < r.rows && rest >= kBytes) {
          from = r.src + (row + i) * r.row + g * kS8Group;
        } else {
          std::memset(some, r.flip, sizeof(some));
          if (row + i < r.rows)
            std::memcpy(some, r.src + (row + i) * r.row + g * kS8Group, static_cast<std::size_t>(rest));
        }
        words[i] = simd::bits_to_float(I32::load(reinterpret_cast<const std::int32_t*>(from)) ^ flip);
      }
      simd::transpose(words);
      unroll<kLanes>([&](auto i) TENON_INLINE_LAMBDA {
        const I32 bytes = simd::float_to_bits(words[i.value]);
        const I32 raised = bytes ^ unsign;
        part = part + (raised & pairs) + (shift_right_logical<8>(raised) & pairs);
        if (g + i.value < groups) {
          bytes.store(reinterpret_cast<std::int32_t*>(to + static_cast<std::ptrdiff_t>(g + i.value) *
                                                               kS8GroupWeights));
        }
      });
      if ((g + kLanes) % kSummed == 0 || g + kLanes >= groups) {
        sum = sum + (part & I32::set1(0xffff)) + shift_right_logical<16>(part);
        part = I32::zero();
      }
    }
    const std::int32_t raised = (groups + kLanes - 1) / kLanes * kBytes * 128;
    std::int32_t sums[kLanes];
    sum.store(sums);
    for (int i = 0; i < kLanes; ++i)
      bias[row + i] = static_cast<std::int32_t>(0U - static_cast<std::uint32_t>(shift) *
                                                         static_cast<std::uint32_t>(sums[i] - raised));
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
  const auto some = [&]<int Blocks>(Index<Blocks>, int b) TENON_INLINE_LAMBDA {
    using Some = simd::Bundle<Blocks * kShareVectors>;
    const Some below = Some::each([&](int i) TENON_INLINE_LAMBDA {
      return V::load(s.scores + (b + i / kShareVectors) * s.block + i % kShareVectors * V::kLanes) - most;
    });
    const Some power = op::gates::exp2(below * Some::set1(op::gates::kLog2E));
    unroll<Blocks * kShareVectors>([&](auto i) TENON_INLINE_LAMBDA {
      const simd::I32 share[1] = {to_int(power.v[i.value] * V::set1(255.0F))};
      sums[i.value % kShareVectors] = sums[i.value % kShareVectors] + share[0];
      simd::store_bytes(share, s.shares + b * kChannelBlock + i.value * V::kLanes);
    });
  };
  constexpr int kMany = 8 * V::kLanes / kChannelBlock > 0 ? 8 * V::kLanes / kChannelBlock : 1;
  int b = 0;
  for (; b + kMany <= blocks; b += kMany) some(Index<kMany>{}, b);
  for (; b < blocks; ++b) some(Index<1>{}, b);
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
