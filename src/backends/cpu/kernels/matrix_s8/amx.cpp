#include "backends/cpu/kernels/matrix/amx.hpp"

#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/matrix_s8/join_avx512.hpp"
#include "backends/cpu/kernels/matrix_s8/quads_avx512.hpp"

namespace tenon::cpu {
namespace {

struct ByteTiles {
  template <int Sum>
  static inline __attribute__((always_inline)) void add() {
    if constexpr (Sum == 0) _tile_dpbusd(0, 4, 6);
    if constexpr (Sum == 1) _tile_dpbusd(1, 4, 7);
    if constexpr (Sum == 2) _tile_dpbusd(2, 5, 6);
    if constexpr (Sum == 3) _tile_dpbusd(3, 5, 7);
  }
};

}  // namespace

void matrix_s8_amx(const MatrixS8Work& work) noexcept;
void matrix_s8_amx_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
                        std::byte* dst) noexcept;

void matrix_s8_amx(const MatrixS8Work& work) noexcept {
  run_matrix_s8_panel<MatrixTilesUnit<ByteTiles>>(work);
}

void matrix_s8_amx_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
                        std::byte* dst) noexcept {
  matrix_s8_join(src, block, step, count, dst);
}

}  // namespace tenon::cpu
