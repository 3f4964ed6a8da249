#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/conv_half/wide.hpp"

namespace tenon::cpu {

void conv_bf16_avx2(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_bf16_avx2_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_avx2_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_avx2_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                               std::ptrdiff_t count, void* dst) noexcept;

void conv_bf16_avx2(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<bfloat16, false>>, 6, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_bf16_avx2_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<bfloat16, false>>(src, count, dst);
}

void conv_bf16_avx2_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<bfloat16, false>>(src, count, dst);
}

void conv_bf16_avx2_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                               std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<bfloat16, false>>(src, plane, channels, width, count, dst);
}

void conv_f16_avx2(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_f16_avx2_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_avx2_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_avx2_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                              std::ptrdiff_t count, void* dst) noexcept;

void conv_f16_avx2(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<float16, false>>, 6, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_f16_avx2_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<float16, false>>(src, count, dst);
}

void conv_f16_avx2_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<float16, false>>(src, count, dst);
}

void conv_f16_avx2_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                              std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<float16, false>>(src, plane, channels, width, count, dst);
}

}  // namespace tenon::cpu
