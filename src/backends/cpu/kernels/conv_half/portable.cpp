#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/conv_half/wide.hpp"

namespace tenon::cpu {

void conv_bf16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_bf16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                   std::ptrdiff_t count, void* dst) noexcept;

void conv_bf16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<bfloat16, true>>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_bf16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<bfloat16, true>>(src, count, dst);
}

void conv_bf16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<bfloat16, true>>(src, count, dst);
}

void conv_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                   std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<bfloat16, true>>(src, plane, channels, width, count, dst);
}

void conv_f16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_f16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                  std::ptrdiff_t count, void* dst) noexcept;

void conv_f16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<float16, true>>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_f16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<float16, true>>(src, count, dst);
}

void conv_f16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<float16, true>>(src, count, dst);
}

void conv_f16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                  std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<float16, true>>(src, plane, channels, width, count, dst);
}

}  // namespace tenon::cpu
