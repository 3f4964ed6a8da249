#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/conv/generic.hpp"

namespace tenon::cpu {

void conv_f32_avx2(const ConvTile& tile, ConvAccess access, int pixels, int oc_blocks) noexcept;

void conv_f32_avx2(const ConvTile& tile, ConvAccess access, int pixels, int oc_blocks) noexcept {
  conv_tile_of<simd::F32, 6, 0, 0>(tile, access, pixels, oc_blocks);
}

}  // namespace tenon::cpu
