// What becomes of the sums of matrix_s8.hpp. Include after one of the levels of bytes/.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/matrix/panel.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

class MatrixS8Store {
 public:
  using Work = MatrixS8Work;
  using Sum = std::int32_t;

  explicit MatrixS8Store(const Work& work)
      : work_(work), codes_(codes_of(*work.requantize)), part_(*work.requantize) {
    part_.residual = work.requantize->residual ? from_ : nullptr;
  }

  inline __attribute__((always_inline)) void rows(const std::int32_t* sums, int block, std::ptrdiff_t at,
                                                  int rows, int lanes) {
    const float* multiplier = work_.multiplier + block * kChannelBlock;
    if (work_.dst_row == kChannelBlock && lanes == kChannelBlock)
      return requantize_block(*work_.requantize, codes_, sums, multiplier, work_.dst, at, rows);
    if (lanes == kChannelBlock) {
      scattered<kChannelBlock>(sums, multiplier, at, rows, lanes);
    } else {
      scattered<0>(sums, multiplier, at, rows, lanes);
    }
  }

 private:
  // By way of blocks of its own: rows are apart, and neither residual nor result extend beyond `lanes`, which
  // is Lanes unless that is 0.
  template <int Lanes>
  inline __attribute__((always_inline)) void scattered(const std::int32_t* sums, const float* multiplier,
                                                       std::ptrdiff_t at, int rows, int lanes) {
    if (part_.residual)
      copy_rows<Lanes, 1>(residual() + at, work_.dst_row, from_, kChannelBlock, rows, lanes);
    requantize_block(part_, codes_, sums, multiplier, to_, 0, rows);
    auto* dst = static_cast<std::uint8_t*>(work_.dst);
    if (part_.bytes) {
      copy_rows<Lanes, 1>(to_, kChannelBlock, dst + at, work_.dst_row, rows, lanes);
    } else {
      constexpr std::ptrdiff_t kFloat = sizeof(float);
      copy_rows<Lanes, kFloat>(to_, kFloat * kChannelBlock, dst + kFloat * at, kFloat * work_.dst_row, rows,
                               lanes);
    }
  }

  template <int Lanes, std::ptrdiff_t Element>
  static inline __attribute__((always_inline)) void copy_rows(const std::uint8_t* from, std::ptrdiff_t step,
                                                              std::uint8_t* to, std::ptrdiff_t to_step,
                                                              int rows, int lanes) {
    for (int r = 0; r < rows; ++r, from += step, to += to_step)
      std::memcpy(to, from, static_cast<std::size_t>((Lanes != 0 ? Lanes : lanes) * Element));
  }

  const std::uint8_t* residual() const {
    return static_cast<const std::uint8_t*>(work_.requantize->residual);
  }

  const Work& work_;
  simd::Codes codes_;
  Requantize part_;  // of the blocks below
  std::uint8_t from_[kMatrixRows * kChannelBlock] = {};
  alignas(64) std::uint8_t to_[kMatrixRows * kChannelBlock * sizeof(float)];
};

}  // namespace
}  // namespace tenon::cpu
