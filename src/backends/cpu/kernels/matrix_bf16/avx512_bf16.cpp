#include "backends/cpu/kernels/simd/avx512_bf16.hpp"

#include "backends/cpu/kernels/matrix/rows_unit.hpp"
#include "backends/cpu/kernels/matrix_bf16/quads_avx512.hpp"

namespace tenon::cpu {
namespace {

struct PairDotRows {
  using Sums = simd::F32;
  using Weights = simd::Bf16Pairs;

  static Sums load(const float* p) { return Sums::load(p); }
  static void store(Sums sums, float* p) { sums.store(p); }
  static Weights weights(const std::byte* p) {
    return Weights::load(reinterpret_cast<const std::uint16_t*>(p));
  }
  static TENON_SIMD Sums dot(Sums sums, const std::byte* pair, Weights w) {
    return simd::dot(sums, simd::Bf16Pairs::set1(pair), w);
  }
};

}  // namespace

void matrix_bf16_avx512_bf16(const MatrixBf16Work& work) noexcept;
void matrix_bf16_avx512_bf16_round(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_avx512_bf16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                        std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_avx512_bf16_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                                  std::ptrdiff_t count, std::byte* dst) noexcept;

void matrix_bf16_avx512_bf16(const MatrixBf16Work& work) noexcept {
  run_matrix_bf16_panel<MatrixRowsUnit<PairDotRows>>(work);
}

void matrix_bf16_avx512_bf16_round(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  matrix_round(src, count, dst);
}

void matrix_bf16_avx512_bf16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                        std::ptrdiff_t count, void* dst) noexcept {
  matrix_interleave(src, plane, channels, width, count, dst);
}

void matrix_bf16_avx512_bf16_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                                  std::ptrdiff_t count, std::byte* dst) noexcept {
  matrix_join(src, block, step, count, dst);
}

}  // namespace tenon::cpu
