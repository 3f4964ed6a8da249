#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/winograd_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct Level {
  using Acc = __m512i;
  using Weights = __m512i;
  using X = __m512i;
  static constexpr int kLanes = 16;

  static TENON_SIMD S8Words widen(S8Bytes x) {
    return (S8Words)_mm512_maskz_cvtepu8_epi16(~__mmask32{0}, (__m256i)x);
  }
  static TENON_SIMD Acc zero() { return _mm512_setzero_si512(); }
  static TENON_SIMD Weights weights(const std::int16_t* w) { return _mm512_loadu_si512(w); }
  static TENON_SIMD X broadcast(const std::int16_t* x) {
    std::int32_t pair;
    std::memcpy(&pair, x, sizeof pair);
    return _mm512_set1_epi32(pair);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return _mm512_dpwssd_epi32(sum, x, w); }
  static TENON_SIMD void store(Acc sum, std::int32_t* to) { _mm512_storeu_si512(to, sum); }
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
