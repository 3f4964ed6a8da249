#include "backends/cpu/kernels/bytes/fours_avx512_vnni.hpp"
#include "backends/cpu/kernels/gemm_stored/fours.hpp"

namespace tenon::cpu {

void gemm_stored_avx512_vnni(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept;
void gemm_stored_avx512_vnni_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                      std::byte* to) noexcept;

void gemm_stored_avx512_vnni(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept {
  stored_tile_of<StoredFours, 4, 2, 4>(tile, bits, rows, panels);
}

void gemm_stored_avx512_vnni_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                      std::byte* to) noexcept {
  stored_quantize<false>(a, count, padded, plane, to);
}

}  // namespace tenon::cpu
