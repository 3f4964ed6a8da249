#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/conv_s8/pairs.hpp"

namespace tenon::cpu {

void conv_s8_avx2(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_avx2_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;

void conv_s8_avx2(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<S8Tiles<PairDot<false>>, 6, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_s8_avx2_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept {
  s8_copy_pairs(src, count, flip, dst);
}

}  // namespace tenon::cpu
