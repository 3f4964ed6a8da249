#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/gemm_stored/pairs.hpp"

namespace tenon::cpu {

void gemm_stored_avx2(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept;
void gemm_stored_avx2_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                               std::byte* to) noexcept;

void gemm_stored_avx2(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept {
  stored_tile_of<StoredPairs, 2, 1, 1>(tile, bits, rows, panels);
}

void gemm_stored_avx2_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                               std::byte* to) noexcept {
  stored_quantize<true>(a, count, padded, plane, to);
}

}  // namespace tenon::cpu
