// What becomes of the sums of matrix_bf16.hpp, and how its sources are laid out. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/matrix/panel.hpp"
#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
#include "backends/cpu/kernels/simd/transpose.hpp"

namespace tenon::cpu {
namespace {

class MatrixBf16Store {
 public:
  using Work = MatrixBf16Work;
  using Sum = float;

  explicit MatrixBf16Store(const Work& work) : work_(work) {
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
    using Kind = Activation::Kind;
    const Activation& act = work.act;
    leaky_ = act.kind == Kind::leaky && act.alpha > 0.0F && act.alpha <= 1.0F;
    plain_ = !work.dst_single && !(work.residual && work.residual_single) &&
             (act.kind == Kind::none || act.kind == Kind::clip || leaky_);
    if (act.kind == Kind::clip) {
      lo_ = act.lo;
      hi_ = act.hi;
    }
#endif
  }

  void rows(const float* sums, int, std::ptrdiff_t at, int rows, int lanes) const {
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
    if (plain_ && lanes == kChannelBlock) {
      if (leaky_) {
        plain<true, true>(sums, at, rows);
      } else if (work_.residual) {
        plain<true, false>(sums, at, rows);
      } else {
        plain<false, false>(sums, at, rows);
      }
      return;
    }
#endif
    if (lanes == kChannelBlock) {
      rows_of<true>(sums, at, rows, lanes);
    } else {
      rows_of<false>(sums, at, rows, lanes);
    }
  }

 private:
  using V = simd::F32;
  static constexpr int kOfRow = kChannelBlock / V::kLanes;  // vectors

  template <bool Whole>
  __attribute__((noinline)) void rows_of(const float* sums, std::ptrdiff_t at, int rows, int lanes) const {
    repeat<Whole, 4>(sums, at, rows, lanes);
    repeat<Whole, 1>(sums, at, rows, lanes);
  }

  // So many rows at once, as often as there are so many.
  template <bool Whole, int Rows>
  inline __attribute__((always_inline)) void repeat(const float*& sums, std::ptrdiff_t& at, int& rows,
                                                    int lanes) const {
    for (; rows >= Rows; rows -= Rows, sums += Rows * kChannelBlock, at += Rows * work_.dst_row)
      some<Whole, Rows>(sums, at, lanes);
  }

  // body(vector, its first element, lanes that count)
  template <int Rows, class Body>
  inline __attribute__((always_inline)) void each(V (&v)[Rows * kOfRow], std::ptrdiff_t at, int lanes,
                                                  const Body& body) const {
    unroll<Rows * kOfRow>([&](auto i) TENON_INLINE_LAMBDA {
      constexpr int kFirst = i.value % kOfRow * V::kLanes;
      const int left = lanes - kFirst;
      body(v[i.value], at + i.value / kOfRow * work_.dst_row + kFirst,
           left < 0           ? 0
           : left < V::kLanes ? left
                              : V::kLanes);
    });
  }

  template <class Element, bool Whole, int Rows>
  inline __attribute__((always_inline)) void add(V (&v)[Rows * kOfRow], std::ptrdiff_t at, int lanes) const {
    const auto* residual = static_cast<const Element*>(work_.residual);
    each<Rows>(v, at, lanes, [&](V& x, std::ptrdiff_t i, int n) TENON_INLINE_LAMBDA {
      if constexpr (Whole) {
        x = x + simd::load(residual + i);
      } else {
        x = x + simd::load_n(residual + i, n);
      }
    });
  }

  template <class Element, bool Whole, int Rows>
  inline __attribute__((always_inline)) void put(V (&v)[Rows * kOfRow], std::ptrdiff_t at, int lanes) const {
    auto* dst = static_cast<Element*>(work_.dst);
    each<Rows>(v, at, lanes, [&](V& x, std::ptrdiff_t i, int n) TENON_INLINE_LAMBDA {
      if constexpr (Whole) {
        simd::store(dst + i, x);
      } else {
        simd::store_n(dst + i, x, n);
      }
    });
  }

#if defined(TENON_SIMD_HAS_BF16_PAIRS)
  // Whole rows of bf16, clipped or leaky, in as few instructions as it takes: what most layers have. MayAdd:
  // a residual of bf16 counts if there is one.
  template <bool MayAdd, bool Leaky>
  __attribute__((noinline)) void plain(const float* sums, std::ptrdiff_t at, int rows) const {
    const std::ptrdiff_t row = work_.dst_row;
    for (; rows >= 4; rows -= 4, sums += 4 * kChannelBlock, at += 4 * row) plain<MayAdd, Leaky, 4>(sums, at);
    for (; rows > 0; --rows, sums += kChannelBlock, at += row) plain<MayAdd, Leaky, 1>(sums, at);
  }

  template <bool MayAdd, bool Leaky, int Rows>
  inline __attribute__((always_inline)) void plain(const float* sums, std::ptrdiff_t at) const {
    const V lo = V::set1(Leaky ? work_.act.alpha : lo_), hi = V::set1(hi_);
    const std::ptrdiff_t row = work_.dst_row;
    V v[Rows];
    unroll<Rows>([&](auto i) TENON_INLINE_LAMBDA { v[i.value] = V::load(sums + i.value * kChannelBlock); });
    if (MayAdd && work_.residual) {
      const auto* residual = static_cast<const bfloat16*>(work_.residual) + at;
      unroll<Rows>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value] = v[i.value] + simd::load(residual + i.value * row);
      });
    }
    unroll<Rows>([&](auto i) TENON_INLINE_LAMBDA {
      V& x = v[i.value];
      x = Leaky ? max(x * lo, x) : min(hi, max(lo, x));
    });
    auto* dst = static_cast<bfloat16*>(work_.dst) + at;
    if constexpr (Rows % 2 == 0) {
      if (row == kChannelBlock) {
        unroll<Rows / 2>([&](auto i) TENON_INLINE_LAMBDA {
          simd::store_rounded(dst + 2 * i.value * kChannelBlock, v[2 * i.value], v[2 * i.value + 1]);
        });
        return;
      }
    }
    unroll<Rows>([&](auto i) TENON_INLINE_LAMBDA { simd::store_rounded(dst + i.value * row, v[i.value]); });
  }
#endif

  template <bool Whole, int Rows>
  inline __attribute__((always_inline)) void some(const float* sums, std::ptrdiff_t at, int lanes) const {
    V v[Rows * kOfRow];
    unroll<Rows * kOfRow>([&](auto i)
                              TENON_INLINE_LAMBDA { v[i.value] = V::load(sums + i.value * V::kLanes); });
    if (work_.residual) {
      if (work_.residual_single) {
        add<float, Whole, Rows>(v, at, lanes);
      } else {
        add<bfloat16, Whole, Rows>(v, at, lanes);
      }
    }
    activate(v, work_.act);
    if (work_.dst_single) {
      put<float, Whole, Rows>(v, at, lanes);
    } else {
      put<bfloat16, Whole, Rows>(v, at, lanes);
    }
  }

  const Work& work_;
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
  bool plain_;
  bool leaky_;
  float lo_ = -__builtin_inff(), hi_ = __builtin_inff();
#endif
};

inline void matrix_round(const float* src, std::ptrdiff_t count, void* dst) {
  using V = simd::F32;
  auto* to = static_cast<bfloat16*>(dst);
  std::ptrdiff_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) simd::store(to + i, V::load(src + i));
  if (const auto left = static_cast<int>(count - i)) simd::store_n(to + i, V::load_n(src + i, left), left);
}

// Those of channels c and c + 1, of `lanes` pixels.
inline __attribute__((always_inline)) simd::I32 matrix_pair(const float* src, std::ptrdiff_t plane,
                                                            int channels, int c, int lanes) {
  using V = simd::F32;
  const auto of = [&](int channel) TENON_INLINE_LAMBDA {
    return channel < channels ? V::load_n(src + channel * plane, lanes) : V::zero();
  };
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
  return simd::rounded_pairs(of(c), of(c + 1));
#else
  return simd::bfloat16_bits(of(c)) | simd::shift_left<16>(simd::bfloat16_bits(of(c + 1)));
#endif
}

inline void matrix_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                              std::ptrdiff_t count, void* dst) {
  constexpr int kLanes = simd::F32::kLanes;
  const int pairs = width / 2;
  std::ptrdiff_t i = 0;
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
  for (; pairs == 2 && i + kLanes <= count; i += kLanes) {
    simd::store_zipped(matrix_pair(src + i, plane, channels, 0, kLanes),
                       matrix_pair(src + i, plane, channels, 2, kLanes),
                       static_cast<std::int32_t*>(dst) + 2 * i);
  }
  for (; pairs == kLanes && i + kLanes <= count; i += kLanes) {
    simd::F32 rows[kLanes];
    unroll<kLanes>([&](auto p) TENON_INLINE_LAMBDA {
      rows[p.value] = simd::bits_to_float(matrix_pair(src + i, plane, channels, 2 * p.value, kLanes));
    });
    simd::transpose(rows);
    unroll<kLanes>([&](auto p) TENON_INLINE_LAMBDA {
      rows[p.value].store(static_cast<float*>(dst) + (i + p.value) * kLanes);
    });
  }
#endif
  for (; i < count; i += kLanes) {
    const int lanes = static_cast<int>(std::min<std::ptrdiff_t>(kLanes, count - i));
    auto* to = static_cast<std::int32_t*>(dst) + i * pairs;
    for (int p = 0; p < pairs; ++p) {
      alignas(64) std::int32_t of[kLanes];
      matrix_pair(src + i, plane, channels, 2 * p, lanes).store(of);
      for (int lane = 0; lane < lanes; ++lane) to[lane * pairs + p] = of[lane];
    }
  }
}

inline __attribute__((always_inline)) void matrix_join_pixel(const std::byte* src, std::ptrdiff_t block,
                                                             std::byte* dst) {
#if defined(TENON_SIMD_HAS_BF16_PAIRS)
  simd::store_joined(dst, src, src + block);
#else
  constexpr int kHalf = kMatrixDepth / 2;
  std::memcpy(dst, src, kHalf);
  std::memcpy(dst + kHalf, src + block, kHalf);
#endif
}

inline void matrix_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
                        std::byte* dst) {
  constexpr int kPixels = 4;  // at once
  std::ptrdiff_t i = 0;
  for (; i + kPixels <= count; i += kPixels, src += kPixels * step, dst += kPixels * kMatrixDepth) {
    unroll<kPixels>([&](auto p) TENON_INLINE_LAMBDA {
      matrix_join_pixel(src + p.value * step, block, dst + p.value * kMatrixDepth);
    });
  }
  for (; i < count; ++i, src += step, dst += kMatrixDepth) matrix_join_pixel(src, block, dst);
}

}  // namespace
}  // namespace tenon::cpu
