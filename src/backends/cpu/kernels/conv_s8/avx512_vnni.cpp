#include "backends/cpu/kernels/bytes/fours_avx512_vnni.hpp"
#include "backends/cpu/kernels/conv_s8/fours.hpp"

namespace tenon::cpu {

void conv_s8_avx512_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_avx512_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                              void* dst) noexcept;

void conv_s8_avx512_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<S8Tiles<FourDot>, 14, 14, 9, 6>(tile, pixels, oc_blocks);
}

void conv_s8_avx512_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                              void* dst) noexcept {
  s8_copy_bytes(src, count, flip, dst);
}

}  // namespace tenon::cpu
