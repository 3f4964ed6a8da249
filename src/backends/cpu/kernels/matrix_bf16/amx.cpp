#include "backends/cpu/kernels/matrix/amx.hpp"

#include "backends/cpu/kernels/matrix_bf16/quads_avx512.hpp"

namespace tenon::cpu {
namespace {

struct PairTiles {
  template <int Sum>
  static inline __attribute__((always_inline)) void add() {
    if constexpr (Sum == 0) _tile_dpbf16ps(0, 4, 6);
    if constexpr (Sum == 1) _tile_dpbf16ps(1, 4, 7);
    if constexpr (Sum == 2) _tile_dpbf16ps(2, 5, 6);
    if constexpr (Sum == 3) _tile_dpbf16ps(3, 5, 7);
  }
};

}  // namespace

void matrix_bf16_amx(const MatrixBf16Work& work) noexcept;
void matrix_bf16_amx_round(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_amx_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_amx_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                          std::ptrdiff_t count, std::byte* dst) noexcept;

void matrix_bf16_amx(const MatrixBf16Work& work) noexcept {
  run_matrix_bf16_panel<MatrixTilesUnit<PairTiles>>(work);
}

void matrix_bf16_amx_round(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  matrix_round(src, count, dst);
}

void matrix_bf16_amx_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                std::ptrdiff_t count, void* dst) noexcept {
  matrix_interleave(src, plane, channels, width, count, dst);
}

void matrix_bf16_amx_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                          std::ptrdiff_t count, std::byte* dst) noexcept {
  matrix_join(src, block, step, count, dst);
}

}  // namespace tenon::cpu
