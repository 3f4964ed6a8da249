#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/gemm_stored/generic.hpp"

namespace tenon::cpu {
namespace {

struct StoredDot {
  struct Sums {
    simd::I32 high = simd::I32::zero();
    simd::I32 low = simd::I32::zero();
  };
  using Weights = simd::I32;
  struct X {
    std::int16_t high[4], low[4];  // of places 0, 2, 1, 3
  };
  static constexpr bool kWords = true;

  static TENON_SIMD Weights weights(simd::I32 bytes) { return bytes; }
  static TENON_SIMD X broadcast(const std::byte* a, std::ptrdiff_t plane) {
    X x;
    std::memcpy(x.high, a, sizeof x.high);
    std::memcpy(x.low, a + plane, sizeof x.low);
    return x;
  }
  static TENON_SIMD void dot(Sums& sum, const X& x, const Weights& w) {
    const auto place = [&](simd::I32 bytes, int at) {
      const simd::I32 value = bytes & simd::I32::set1(0xff);
      sum.high = sum.high + times(value, simd::I32::set1(x.high[at]));
      sum.low = sum.low + times(value, simd::I32::set1(x.low[at]));
    };
    place(w, 0);
    place(simd::shift_right_logical<16>(w), 1);
    place(simd::shift_right_logical<8>(w), 2);
    place(simd::shift_right_logical<24>(w), 3);
  }
  static TENON_SIMD simd::I32 high(const Sums& sum) { return sum.high; }
  static TENON_SIMD simd::I32 low(const Sums& sum) { return sum.low; }
};

}  // namespace

void gemm_stored_portable(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept;
void gemm_stored_portable_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                   std::byte* to) noexcept;

void gemm_stored_portable(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept {
  stored_tile_of<StoredDot, 1, 1, 1>(tile, bits, rows, panels);
}

void gemm_stored_portable_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                   std::byte* to) noexcept {
  stored_quantize<true>(a, count, padded, plane, to);
}

}  // namespace tenon::cpu
