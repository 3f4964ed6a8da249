#include "backends/cpu/kernels/winograd_s8/level_avx512.hpp"

namespace tenon::cpu {
namespace {

struct Level : LevelBase {
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return _mm512_dpwssd_epi32(sum, x, w); }
};

}  // namespace

void winograd_s8_avx512_vnni_input(const WinogradS8Input& args) noexcept;
void winograd_s8_avx512_vnni_product(const WinogradS8Product& args, int tiles, int blocks) noexcept;
void winograd_s8_avx512_vnni_output(const WinogradS8Output& args) noexcept;

void winograd_s8_avx512_vnni_input(const WinogradS8Input& args) noexcept {
  winograd_s8_input_of<Level>(args);
}

void winograd_s8_avx512_vnni_product(const WinogradS8Product& args, int tiles, int blocks) noexcept {
  winograd_s8_product_of<Level, 14, 14>(args, tiles, blocks);
}

void winograd_s8_avx512_vnni_output(const WinogradS8Output& args) noexcept { winograd_s8_output_of(args); }

}  // namespace tenon::cpu
