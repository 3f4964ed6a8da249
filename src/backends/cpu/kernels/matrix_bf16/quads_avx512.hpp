// What becomes of the sums of matrix_bf16.hpp by quads (panel.hpp), with AVX-512-BF16: four rows of bf16 are
// stored under masks. Include after store.hpp and a unit.
#pragma once

#include "backends/cpu/kernels/matrix_bf16/store.hpp"

namespace tenon::cpu {
namespace {

// Of clips, or of leaky ones whose factor is in (0, 1]; bounds that there are not are infinite.
template <bool Residual, bool Leaky>
class MatrixBf16QuadStore {
 public:
  using Work = MatrixBf16Work;
  using Sum = float;
  using V = simd::F32;

  explicit MatrixBf16QuadStore(const Work& work) : work_(work) {
    if (work.act.kind == Activation::Kind::clip) {
      lo_ = work.act.lo;
      hi_ = work.act.hi;
    }
    if (Leaky) lo_ = work.act.alpha;
  }

  inline __attribute__((always_inline)) void quads(const float* sums, int, std::ptrdiff_t at,
                                                   const MatrixQuad* quads, int count) {
    for (const MatrixQuad* q = quads; q != quads + count; ++q, sums += kMatrixQuadRows * kChannelBlock)
      quad(sums, at, *q);
  }

 private:
  inline __attribute__((always_inline)) void quad(const float* sums, std::ptrdiff_t at, const MatrixQuad& q) {
    V v[kMatrixQuadRows];
    unroll<kMatrixQuadRows>(
        [&](auto i) TENON_INLINE_LAMBDA { v[i.value] = V::load(sums + i.value * kChannelBlock); });
    if constexpr (Residual) add_residual(at, q, v);
    const V lo = V::set1(lo_), hi = V::set1(hi_);
    unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
      V& x = v[i.value];
      x = Leaky ? max(x * lo, x) : min(hi, max(lo, x));
    });
    const __m512i upper = rounded(v[0], v[1]), lower = rounded(v[2], v[3]);
    auto* dst = static_cast<std::uint16_t*>(work_.dst) + at;
    put(dst + q.at[0], q.lanes[0], upper, lower);
    if (q.lanes[1] != 0) put(dst + q.at[1], q.lanes[1], upper, lower);
  }

  static constexpr int kHalf = 2 * kChannelBlock;  // elements of two rows

  static inline __attribute__((always_inline)) __m512i rounded(V a, V b) {
    return __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(b.r, a.r));
  }

  // A row of bf16 is four lanes of 8 bytes, as one of bytes is of 4.
  static inline __attribute__((always_inline)) void put(std::uint16_t* to, std::uint16_t lanes, __m512i upper,
                                                        __m512i lower) {
    _mm512_mask_storeu_epi64(to, static_cast<__mmask8>(lanes), upper);
    _mm512_mask_storeu_epi64(to + kHalf, static_cast<__mmask8>(lanes >> 8), lower);
  }

  inline __attribute__((always_inline)) void add_residual(std::ptrdiff_t at, const MatrixQuad& q,
                                                          V (&v)[kMatrixQuadRows]) {
    const auto* from = static_cast<const std::uint16_t*>(work_.residual) + at;
    if (q.whole()) {
      from += q.at[0];
    } else {
      for (int half = 0; half < 2; ++half) {
        const __m512i first = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(q.lanes[0] >> 8 * half),
                                                       from + q.at[0] + half * kHalf);
        _mm512_store_si512(rows_ + half * kHalf,
                           _mm512_mask_loadu_epi64(first, static_cast<__mmask8>(q.lanes[1] >> 8 * half),
                                                   from + q.at[1] + half * kHalf));
      }
      from = rows_;
    }
    unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
      v[i.value] = v[i.value] + simd::load(reinterpret_cast<const bfloat16*>(from) + i.value * kChannelBlock);
    });
  }

  const Work& work_;
  float lo_ = -__builtin_inff(), hi_ = __builtin_inff();
  alignas(64) std::uint16_t rows_[kMatrixQuadRows * kChannelBlock];
};

// The panel by the way that suits what becomes of its sums.
template <class Unit>
void run_matrix_bf16_panel(const MatrixBf16Work& work) {
  using Kind = Activation::Kind;
  const Activation& act = work.act;
  const bool leaky = act.kind == Kind::leaky && act.alpha > 0.0F && act.alpha <= 1.0F;
  const bool by_quads = work.quads != nullptr && work.last_lanes == kChannelBlock && !work.dst_single &&
                        !(work.residual && work.residual_single) &&
                        (act.kind == Kind::none || act.kind == Kind::clip || leaky);
  if (!by_quads) return MatrixPanel<Unit, MatrixBf16Store>(work).run();
  run_matrix_quads<Unit, MatrixBf16QuadStore>(work, work.residual != nullptr, leaky);
}

}  // namespace
}  // namespace tenon::cpu
