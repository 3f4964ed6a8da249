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

  inline __attribute__((always_inline)) void quad(const std::int32_t* sums, int block, std::ptrdiff_t at,
                                                  const MatrixQuad& q) {
    const simd::F32 scale = simd::F32::load(work_.multiplier + block * kChannelBlock);
    simd::F32 v[kMatrixQuadRows];
    unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
      v[i.value] = to_float(simd::I32::load(sums + i.value * kChannelBlock)) * scale;
    });
    if constexpr (Residual) add_residual(at, q, v);
    simd::I32 rounded[kMatrixQuadRows];
    unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA { rounded[i.value] = to_int(v[i.value]); });
    const __m512i bytes = Saturated ? simd::Codes::saturated(rounded) : codes_.narrowed(rounded);
    auto* dst = static_cast<std::uint8_t*>(work_.dst) + at;
    _mm512_mask_storeu_epi32(dst + q.at[0], q.lanes[0], bytes);
    if (q.lanes[1] != 0) _mm512_mask_storeu_epi32(dst + q.at[1], q.lanes[1], bytes);
  }

 private:
  inline __attribute__((always_inline)) void add_residual(std::ptrdiff_t at, const MatrixQuad& q,
                                                          simd::F32 (&v)[kMatrixQuadRows]) {
    const Requantize& e = *work_.requantize;
    const auto* from = static_cast<const std::uint8_t*>(e.residual) + at;
    if (q.lanes[0] == kWhole) {
      from += q.at[0];
    } else {
      const __m512i first = _mm512_maskz_loadu_epi32(q.lanes[0], from + q.at[0]);
      _mm512_store_si512(rows_, _mm512_mask_loadu_epi32(first, q.lanes[1], from + q.at[1]));
      from = rows_;
    }
    const simd::I32 zero = simd::I32::set1(e.residual_zero);
    const simd::F32 scale = simd::F32::set1(e.residual_multiplier);
    const auto add = [&](auto load) TENON_INLINE_LAMBDA {
      unroll<kMatrixQuadRows>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value] = v[i.value] + to_float(load(from + i.value * kChannelBlock) - zero) * scale;
      });
    };
    if (e.residual_signed) {
      add([](const std::uint8_t* p) TENON_INLINE_LAMBDA { return simd::load_i8(p); });
    } else {
      add([](const std::uint8_t* p) TENON_INLINE_LAMBDA { return simd::load_u8(p); });
    }
  }

  static constexpr std::uint16_t kWhole = 0xffff;

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
