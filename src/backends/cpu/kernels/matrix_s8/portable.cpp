#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/matrix/rows_unit.hpp"
#include "backends/cpu/kernels/matrix_s8/store.hpp"

namespace tenon::cpu {
namespace {

struct ByteRows {
  struct Sums {
    std::uint32_t of[kChannelBlock];  // wraps
  };
  using Weights = const std::byte*;

  static Sums load(const std::int32_t* p) {
    Sums sums;
    std::memcpy(sums.of, p, sizeof sums.of);
    return sums;
  }
  static void store(const Sums& sums, std::int32_t* p) { std::memcpy(p, sums.of, sizeof sums.of); }
  static Weights weights(const std::byte* p) { return p; }
  static Sums dot(Sums sums, const std::byte* group, Weights w) {
    for (int o = 0; o < kChannelBlock; ++o) {
      for (int i = 0; i < kMatrixGroup; ++i) {
        const auto weight = static_cast<std::int8_t>(w[o * kMatrixGroup + i]);
        sums.of[o] += static_cast<std::uint32_t>(static_cast<int>(group[i]) * weight);
      }
    }
    return sums;
  }
};

}  // namespace

void matrix_s8_portable(const MatrixS8Work& work) noexcept;
void matrix_s8_portable_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                             std::ptrdiff_t count, std::byte* dst) noexcept;

void matrix_s8_portable(const MatrixS8Work& work) noexcept {
  MatrixPanel<MatrixRowsUnit<ByteRows>, MatrixS8Store>(work).run();
}

void matrix_s8_portable_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                             std::ptrdiff_t count, std::byte* dst) noexcept {
  for (std::ptrdiff_t i = 0; i < count; ++i, src += step, dst += kMatrixDepth) {
    for (int b = 0; b < kMatrixDepth / kChannelBlock; ++b)
      std::memcpy(dst + b * kChannelBlock, src + b * block, kChannelBlock);
  }
}

}  // namespace tenon::cpu
