#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/winograd/generic.hpp"

namespace tenon::cpu {

void winograd_f32_avx512_input(const WinogradInput& args) noexcept;
void winograd_f32_avx512_product(const WinogradProduct& args, int tiles, int blocks) noexcept;
void winograd_f32_avx512_output(const WinogradOutput& args) noexcept;

void winograd_f32_avx512_input(const WinogradInput& args) noexcept { winograd_input_of<simd::F32>(args); }

void winograd_f32_avx512_product(const WinogradProduct& args, int tiles, int blocks) noexcept {
  winograd_product_of<simd::F32, 14, 14, 6>(args, tiles, blocks);
}

void winograd_f32_avx512_output(const WinogradOutput& args) noexcept { winograd_output_of<simd::F32>(args); }

}  // namespace tenon::cpu
