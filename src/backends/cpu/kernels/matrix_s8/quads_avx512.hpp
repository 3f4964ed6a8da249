// What becomes of the sums of matrix_s8.hpp by quads (panel.hpp), with AVX-512: four rows are narrowed
// together and stored under masks. Include after bytes/avx512.hpp and a unit.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/matrix/panel.hpp"
#include "backends/cpu/kernels/matrix_s8/store.hpp"

namespace tenon::cpu {
namespace {

// Saturated: codes go from 0 to 255 with zero at 0, as they do behind a Relu.
template <bool Residual, bool Saturated>
class MatrixS8QuadStore {
 public:
  using Work = MatrixS8Work;
  using Sum = std::int32_t;

  explicit MatrixS8QuadStore(const Work& work) : work_(work), codes_(codes_of(*work.requantize)) {}

  inline __attribute__((always_inline)) void quads(const std::int32_t* sums, int block, std::ptrdiff_t at,
                                                   const MatrixQuad* quads, int count) {
    const simd::F32 scale = simd::F32::load(work_.multiplier + block * kChannelBlock);
    auto* dst = static_cast<std::uint8_t*>(work_.dst) + at;
    const Residuals residuals = Residual ? residuals_at(at) : Residuals{};
    for (const MatrixQuad* q = quads; q != quads + count; ++q, sums += kMatrixQuadRows * kChannelBlock) {
      simd::F32 v[kMatrixQuadRows];
      unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value] = to_float(simd::I32::load(sums + i.value * kChannelBlock)) * scale;
      });
      if constexpr (Residual) add_residual(residuals, *q, v);
      simd::I32 rounded[kMatrixQuadRows];
      unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA { rounded[i.value] = to_int(v[i.value]); });
      const __m512i bytes = Saturated ? simd::Codes::saturated(rounded) : codes_.narrowed(rounded);
      if (q->whole()) {
        _mm512_storeu_si512(dst + q->at[0], bytes);
        continue;
      }
      _mm512_mask_storeu_epi32(dst + q->at[0], q->lanes[0], bytes);
      if (q->lanes[1] != 0) _mm512_mask_storeu_epi32(dst + q->at[1], q->lanes[1], bytes);
    }
  }

 private:
  struct Residuals {
    const std::uint8_t* first;
    simd::I32 zero;
    simd::F32 scale;
    bool is_signed;
  };

  inline __attribute__((always_inline)) Residuals residuals_at(std::ptrdiff_t at) const {
    const Requantize& e = *work_.requantize;
    return {static_cast<const std::uint8_t*>(e.residual) + at, simd::I32::set1(e.residual_zero),
            simd::F32::set1(e.residual_multiplier), e.residual_signed};
  }

  inline __attribute__((always_inline)) void add_residual(const Residuals& e, const MatrixQuad& q,
                                                          simd::F32 (&v)[kMatrixQuadRows]) {
    const std::uint8_t* from = e.first + q.at[0];
    if (!q.whole()) {
      const __m512i first = _mm512_maskz_loadu_epi32(q.lanes[0], from);
      _mm512_store_si512(rows_, _mm512_mask_loadu_epi32(first, q.lanes[1], e.first + q.at[1]));
      from = rows_;
    }
    const auto add = [&](auto load) TENON_INLINE_LAMBDA {
      unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value] = v[i.value] + to_float(load(from + i.value * kChannelBlock) - e.zero) * e.scale;
      });
    };
    if (e.is_signed) {
      add([](const std::uint8_t* p) TENON_INLINE_LAMBDA { return simd::load_i8(p); });
    } else {
      add([](const std::uint8_t* p) TENON_INLINE_LAMBDA { return simd::load_u8(p); });
    }
  }

  const Work& work_;
  simd::Codes codes_;
  alignas(64) std::uint8_t rows_[kMatrixQuadRows * kChannelBlock];
};

// The panel by the way that suits what becomes of its sums.
template <class Unit>
void run_matrix_s8_panel(const MatrixS8Work& work) {
  const Requantize& e = *work.requantize;
  const bool by_quads = work.quads != nullptr && work.last_lanes == kChannelBlock && e.narrow && !e.leaky;
  if (!by_quads) return MatrixPanel<Unit, MatrixS8Store>(work).run();
  const bool saturated = !e.is_signed && e.zero == 0 && e.low_code <= 0 && e.high_code >= 255;
  run_matrix_quads<Unit, MatrixS8QuadStore>(work, e.residual != nullptr, saturated);
}

}  // namespace
}  // namespace tenon::cpu
