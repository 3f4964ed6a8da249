#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/gemm/generic.hpp"

namespace tenon::cpu {

void gemm_f32_12x32_avx512(const GemmTile& tile, int rows) noexcept;

void gemm_f32_12x32_avx512(const GemmTile& tile, int rows) noexcept {
  gemm_tile_of<simd::F32, 12, 2>(tile, rows);
}

}  // namespace tenon::cpu
