#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/matrix/rows_unit.hpp"
#include "backends/cpu/kernels/matrix_s8/join_avx512.hpp"
#include "backends/cpu/kernels/matrix_s8/quads_avx512.hpp"

namespace tenon::cpu {
namespace {

struct VnniRows {
  using Sums = simd::I32;
  using Weights = __m512i;

  static Sums load(const std::int32_t* p) { return Sums::load(p); }
  static void store(Sums sums, std::int32_t* p) { sums.store(p); }
  static Weights weights(const std::byte* p) { return _mm512_loadu_si512(p); }
  static TENON_SIMD Sums dot(Sums sums, const std::byte* p, Weights w) {
    std::int32_t group;
    std::memcpy(&group, p, sizeof group);
    return {_mm512_dpbusd_epi32(sums.r, _mm512_set1_epi32(group), w)};
  }
};

}  // namespace

void matrix_s8_avx512_vnni(const MatrixS8Work& work) noexcept;
void matrix_s8_avx512_vnni_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                                std::ptrdiff_t count, std::byte* dst) noexcept;

void matrix_s8_avx512_vnni(const MatrixS8Work& work) noexcept {
  run_matrix_s8_panel<MatrixRowsUnit<VnniRows>>(work);
}

void matrix_s8_avx512_vnni_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                                std::ptrdiff_t count, std::byte* dst) noexcept {
  matrix_s8_join(src, block, step, count, dst);
}

}  // namespace tenon::cpu
