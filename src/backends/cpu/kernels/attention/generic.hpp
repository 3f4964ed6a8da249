// The routines of attention.hpp over the vector type of simd/.
#pragma once

#include "backends/cpu/kernels/attention/attention.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
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
  const auto exponential = [&](int t, auto v) TENON_INLINE_LAMBDA {
    const float* row = b.scores + static_cast<std::ptrdiff_t>(t) * b.width + lane + v.value * V::kLanes;
    const V e = simd::exp_share(V::load(row) - top[v.value]);
    sum[v.value] = sum[v.value] + e;
    return e;
  };
  if (b.shares) {
    const int pairs = (b.keys + 1) / 2;
    for (int t = 0; t < b.keys; t += 2) {
      unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
        simd::I32 pair = simd::bfloat16_bits(exponential(t, v));
        if (t + 1 < b.keys) pair = pair | simd::shift_left<16>(simd::bfloat16_bits(exponential(t + 1, v)));
        const int query = lane + v.value * V::kLanes;
        const std::ptrdiff_t at =
            (static_cast<std::ptrdiff_t>(query / kChannelBlock) * pairs + t / 2) * kChannelBlock +
            query % kChannelBlock;
        pair.store(reinterpret_cast<std::int32_t*>(b.shares + 2 * at));
      });
    }
  } else {
    for (int t = 0; t < b.keys; ++t) {
      unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
        exponential(t, v).store(b.scores + static_cast<std::ptrdiff_t>(t) * b.width + lane +
                                v.value * V::kLanes);
      });
    }
  }

  if (!b.first) {
    V shrink[kQueryVectors];
    unroll<kQueryVectors>([&](auto v) TENON_INLINE_LAMBDA {
      shrink[v.value] = simd::exp_share(before[v.value] - top[v.value]);
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

template <class Element>
void attention_store(const AttentionBlock& b, int queries, void* to, std::ptrdiff_t row) noexcept {
  using V = simd::F32;
  auto* y = static_cast<Element*>(to);
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
      for (int i = 0; i < count; ++i) simd::store_n(y + (lane + i) * row + e, x[i], rest);
    }
  }
}

template <class Element>
void attention_widen(const void* from, std::ptrdiff_t step, int rows, int count, float* to) noexcept {
  using V = simd::F32;
  for (int r = 0; r < rows; ++r, to += count) {
    const Element* row = static_cast<const Element*>(from) + r * step;
    int i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) simd::load(row + i).store(to + i);
    if (i < count) simd::load_n(row + i, count - i).store_n(to + i, count - i);
  }
}

// scores[key + i] for i < kKeys
template <int kKeys>
void score_keys(const AttentionRow& r, int key) {
  using V = simd::F32;
  const float* k = r.k + key * r.k_row;
  V sum[kKeys];
  unroll<kKeys>([&](auto i) TENON_INLINE_LAMBDA { sum[i.value] = V::zero(); });
  int d = 0;
  for (; d + V::kLanes <= r.depth; d += V::kLanes) {
    const V q = V::load(r.q + d);
    unroll<kKeys>([&](auto i) TENON_INLINE_LAMBDA {
      sum[i.value] = fma(q, V::load(k + i.value * r.k_row + d), sum[i.value]);
    });
  }
  if (d < r.depth) {
    const V q = V::load_n(r.q + d, r.depth - d);
    unroll<kKeys>([&](auto i) TENON_INLINE_LAMBDA {
      sum[i.value] = fma(q, V::load_n(k + i.value * r.k_row + d, r.depth - d), sum[i.value]);
    });
  }
  unroll<kKeys>([&](auto i) TENON_INLINE_LAMBDA {
    const float mask = r.mask ? r.mask[(key + i.value) * r.mask_key] : 0.0F;
    r.scores[key + i.value] = reduce_add(sum[i.value]) * r.scale + mask;
  });
}

// y[e …] = scale · sum over the keys of scores[key] * v[key, e …], `count` columns, the last vector in part.
template <int kVectors>
void weigh_values(const AttentionRow& r, float scale, int e, int count) {
  using V = simd::F32;
  constexpr int kLast = kVectors - 1;
  const int rest = count - kLast * V::kLanes;
  V sum[kVectors];
  unroll<kVectors>([&](auto i) TENON_INLINE_LAMBDA { sum[i.value] = V::zero(); });
  for (int t = 0; t < r.keys; ++t) {
    const float* v = r.v + t * r.v_row + e;
    const V weight = V::set1(r.scores[t]);
    unroll<kLast>([&](auto i) TENON_INLINE_LAMBDA {
      sum[i.value] = fma(weight, V::load(v + i.value * V::kLanes), sum[i.value]);
    });
    sum[kLast] = fma(weight, V::load_n(v + kLast * V::kLanes, rest), sum[kLast]);
  }
  unroll<kVectors>([&](auto i) TENON_INLINE_LAMBDA {
    (sum[i.value] * V::set1(scale))
        .store_n(r.y + e + i.value * V::kLanes, i.value == kLast ? rest : V::kLanes);
  });
}

void attention_row(const AttentionRow& r) noexcept {
  using V = simd::F32;
  constexpr int kTogether = 4;
  int key = 0;
  for (; key + kTogether <= r.keys; key += kTogether) score_keys<kTogether>(r, key);
  for (; key < r.keys; ++key) score_keys<1>(r, key);
  for (int i = 0; i < V::kLanes; ++i) r.scores[r.keys + i] = -simd::kInfinity;

  V top = V::set1(kLowest);
  for (int t = 0; t < r.keys; t += V::kLanes) top = max(V::load(r.scores + t), top);
  top = V::set1(reduce_max(top));
  V sums = V::zero();
  for (int t = 0; t < r.keys; t += V::kLanes) {
    const V weight = simd::exp_share(V::load(r.scores + t) - top);
    weight.store(r.scores + t);
    sums = sums + weight;
  }
  const float sum = reduce_add(sums);
  // The largest score alone contributes 1 to the sum.
  const float scale = r.blind_is_zero && sum < 0.5F ? 0.0F : 1.0F / sum;

  constexpr int kVectors = 4;
  int e = 0;
  for (; e + kVectors * V::kLanes <= r.value_depth; e += kVectors * V::kLanes)
    weigh_values<kVectors>(r, scale, e, kVectors * V::kLanes);
  for (; e < r.value_depth; e += V::kLanes)
    weigh_values<1>(r, scale, e, r.value_depth - e < V::kLanes ? r.value_depth - e : V::kLanes);
}

void attention_pack_rows(const void* from, std::ptrdiff_t step, int rows, int count, int width,
                         std::uint16_t* to) noexcept {
  using simd::I32;
  constexpr int kLanes = I32::kLanes;
  const int pairs = count / 2;
  for (int first = 0; first < width; first += kLanes) {
    std::uint16_t* const block =
        to + static_cast<std::ptrdiff_t>(first / kChannelBlock) * pairs * 2 * kChannelBlock +
        first % kChannelBlock * 2;
    for (int p = 0; p < pairs; p += kLanes) {
      simd::F32 words[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        const auto* row = reinterpret_cast<const std::int32_t*>(static_cast<const std::uint16_t*>(from) +
                                                                (first + i) * step + 2 * p);
        words[i] = simd::bits_to_float(first + i >= rows    ? I32::zero()
                                       : p + kLanes > pairs ? I32::load_n(row, pairs - p)
                                                            : I32::load(row));
      }
      simd::transpose(words);
      for (int i = 0; i < kLanes && p + i < pairs; ++i) {
        simd::float_to_bits(words[i]).store(
            reinterpret_cast<std::int32_t*>(block + static_cast<std::ptrdiff_t>(p + i) * 2 * kChannelBlock));
      }
    }
  }
}

void attention_turn_rows(const void* from, std::ptrdiff_t step, int rows, int count, std::uint16_t* to,
                         std::ptrdiff_t to_step) noexcept {
  using V = simd::F32;
  constexpr int kLanes = V::kLanes;
  const int padded = (rows + 31) / 32 * 32;
  for (int i = 0; i < count; i += kLanes) {
    const int columns = count - i < kLanes ? count - i : kLanes;
    // As the upper halves of lanes.
    const auto upper = [&](int row) TENON_INLINE_LAMBDA {
      if (row >= rows) return simd::I32::zero();
      const bfloat16* at = static_cast<const bfloat16*>(from) + row * step + i;
      return simd::float_to_bits(columns == kLanes ? simd::load(at) : simd::load_n(at, columns));
    };
    for (int row = 0; row < padded; row += 2 * kLanes) {
      V words[kLanes];
      for (int r = 0; r < kLanes; ++r) {
        words[r] =
            simd::bits_to_float(simd::shift_right_logical<16>(upper(row + 2 * r)) | upper(row + 2 * r + 1));
      }
      simd::transpose(words);
      for (int c = 0; c < columns; ++c)
        simd::float_to_bits(words[c]).store(reinterpret_cast<std::int32_t*>(to + (i + c) * to_step + row));
    }
  }
}

constexpr AttentionRoutines kAttentionRoutines = {
    attention_softmax,
    {attention_store<float>, attention_store<bfloat16>, attention_store<float16>},
    {attention_widen<float>, attention_widen<bfloat16>, attention_widen<float16>},
    attention_row,
    attention_pack_rows,
    attention_turn_rows};

}  // namespace
}  // namespace tenon::cpu
