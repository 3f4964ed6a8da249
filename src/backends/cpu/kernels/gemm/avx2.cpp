#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/gemm/generic.hpp"

namespace tenon::cpu {

void gemm_f32_6x16_avx2(const GemmTile& tile, int rows) noexcept;

void gemm_f32_6x16_avx2(const GemmTile& tile, int rows) noexcept {
  gemm_tile_of<simd::F32, 6, 1>(tile, rows);
}

}  // namespace tenon::cpu
