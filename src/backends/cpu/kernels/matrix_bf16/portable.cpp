#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/matrix/rows_unit.hpp"
#include "backends/cpu/kernels/matrix_bf16/store.hpp"

namespace tenon::cpu {
namespace {

struct PairRows {
  struct Sums {
    float of[kChannelBlock];
  };
  using Weights = const std::byte*;

  static Sums load(const float* p) {
    Sums sums;
    std::memcpy(sums.of, p, sizeof sums.of);
    return sums;
  }
  static void store(const Sums& sums, float* p) { std::memcpy(p, sums.of, sizeof sums.of); }
  static Weights weights(const std::byte* p) { return p; }
  static Sums dot(Sums sums, const std::byte* pair, Weights w) {
    for (int o = 0; o < kChannelBlock; ++o) {
      for (int i = 0; i < kMatrixGroup; i += 2)
        sums.of[o] += number(pair + i) * number(w + o * kMatrixGroup + i);
    }
    return sums;
  }

 private:
  static float number(const std::byte* p) {
    std::uint16_t bits;
    std::memcpy(&bits, p, sizeof bits);
    return static_cast<float>(bfloat16::from_bits(bits));
  }
};

}  // namespace

void matrix_bf16_portable(const MatrixBf16Work& work) noexcept;
void matrix_bf16_portable_round(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                     std::ptrdiff_t count, void* dst) noexcept;
void matrix_bf16_portable_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                               std::ptrdiff_t count, std::byte* dst) noexcept;

void matrix_bf16_portable(const MatrixBf16Work& work) noexcept {
  MatrixPanel<MatrixRowsUnit<PairRows>, MatrixBf16Store>(work).run();
}

void matrix_bf16_portable_round(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  matrix_round(src, count, dst);
}

void matrix_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                     std::ptrdiff_t count, void* dst) noexcept {
  matrix_interleave(src, plane, channels, width, count, dst);
}

void matrix_bf16_portable_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                               std::ptrdiff_t count, std::byte* dst) noexcept {
  matrix_join(src, block, step, count, dst);
}

}  // namespace tenon::cpu
