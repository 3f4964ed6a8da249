// What becomes of the sums of matrix_bf16.hpp, and how floats become bf16. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/matrix/panel.hpp"
#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"
#include "backends/cpu/kernels/simd/half.hpp"

namespace tenon::cpu {
namespace {

class MatrixBf16Store {
 public:
  using Work = MatrixBf16Work;
  using Sum = float;

  explicit MatrixBf16Store(const Work& work) : work_(work) {}

  void rows(const float* sums, int, std::ptrdiff_t at, int rows, int lanes) const {
    if (lanes == kChannelBlock) {
      rows_of<true>(sums, at, rows, lanes);
    } else {
      rows_of<false>(sums, at, rows, lanes);
    }
  }

 private:
  using V = simd::F32;
  static constexpr int kOfRow = kChannelBlock / V::kLanes;  // vectors
  static constexpr int kRows = 4;                           // at once

  template <bool Whole>
  __attribute__((noinline)) void rows_of(const float* sums, std::ptrdiff_t at, int rows, int lanes) const {
    for (; rows >= kRows; rows -= kRows, sums += kRows * kChannelBlock, at += kRows * work_.dst_row)
      some<Whole, kRows>(sums, at, lanes);
    for (; rows > 0; --rows, sums += kChannelBlock, at += work_.dst_row) some<Whole, 1>(sums, at, lanes);
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
};

inline void matrix_round(const float* src, std::ptrdiff_t count, void* dst) {
  using V = simd::F32;
  auto* to = static_cast<bfloat16*>(dst);
  std::ptrdiff_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) simd::store(to + i, V::load(src + i));
  if (const auto left = static_cast<int>(count - i)) simd::store_n(to + i, V::load_n(src + i, left), left);
}

// One pair of channels of every pixel, 0 or 1: to[pixel * width / 2 + pair].
inline void matrix_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                              std::ptrdiff_t count, void* dst) {
  using V = simd::F32;
  const int pairs = width / 2;
  for (std::ptrdiff_t i = 0; i < count; i += V::kLanes) {
    const int lanes = static_cast<int>(std::min<std::ptrdiff_t>(V::kLanes, count - i));
    auto* to = static_cast<std::int32_t*>(dst) + i * pairs;
    for (int pair = 0; pair < pairs; ++pair) {
      const auto bits = [&](int c) TENON_INLINE_LAMBDA {
        return simd::bfloat16_bits(c < channels ? V::load_n(src + c * plane + i, lanes) : V::zero());
      };
      alignas(64) std::int32_t of[V::kLanes];
      (bits(2 * pair) | simd::shift_left<16>(bits(2 * pair + 1))).store(of);
      for (int lane = 0; lane < lanes; ++lane) to[lane * pairs + pair] = of[lane];
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
