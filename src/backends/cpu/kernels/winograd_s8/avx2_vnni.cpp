#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/winograd_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct Level {
  using Acc = __m256i;
  using Weights = __m256i;
  using X = __m256i;
  static constexpr int kLanes = 8;

  static TENON_SIMD S8Words widen(S8Bytes x) { return (S8Words)_mm256_cvtepu8_epi16((__m128i)x); }
  static TENON_SIMD Acc zero() { return _mm256_setzero_si256(); }
  static TENON_SIMD Weights weights(const std::int16_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  }
  static TENON_SIMD X broadcast(const std::int16_t* x) {
    std::int32_t pair;
    std::memcpy(&pair, x, sizeof pair);
    return _mm256_set1_epi32(pair);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return _mm256_dpwssd_avx_epi32(sum, x, w); }
  static TENON_SIMD void store(Acc sum, std::int32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sum);
  }
};

}  // namespace

void winograd_s8_avx2_vnni_input(const WinogradS8Input& args) noexcept;
void winograd_s8_avx2_vnni_product(const WinogradS8Product& args, int tiles, int blocks) noexcept;
void winograd_s8_avx2_vnni_output(const WinogradS8Output& args) noexcept;

void winograd_s8_avx2_vnni_input(const WinogradS8Input& args) noexcept { winograd_s8_input_of<Level>(args); }

void winograd_s8_avx2_vnni_product(const WinogradS8Product& args, int tiles, int blocks) noexcept {
  winograd_s8_product_of<Level, 6, 0>(args, tiles, blocks);
}

void winograd_s8_avx2_vnni_output(const WinogradS8Output& args) noexcept { winograd_s8_output_of(args); }

}  // namespace tenon::cpu
