#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/gemm/generic.hpp"

namespace tenon::cpu {

void gemm_f32_4x16_portable(const GemmTile& tile, int rows) noexcept;

void gemm_f32_4x16_portable(const GemmTile& tile, int rows) noexcept {
  gemm_tile_of<simd::F32, 4, 1>(tile, rows);
}

}  // namespace tenon::cpu
