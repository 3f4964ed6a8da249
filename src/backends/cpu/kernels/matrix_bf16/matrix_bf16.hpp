// The machine-specific code of convolutions and products of bf16 on processors that multiply tiles of
// matrices (AMX): matrix/matrix.hpp for pairs of bf16,
//
//   sum[row, o] = bias[o] + sum over steps s, k < 32 of x[row, s, k] * w[o, s, k]
//   dst[row, o] = act(sum[row, o] + residual[row, o])            rounded once if dst is bf16
//
// with sums in single precision. Products of two bf16 are exact there; AMX adds those of even and those of
// odd k of a step up for themselves, denormal operands and results count as zero, so that no level differs
// from the exact sum by more than conv_half/tile.hpp says. conv_matrix_bf16 and gemm_matrix_bf16 are drivers
// around it.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/matrix/matrix.hpp"

#include <span>

namespace tenon::cpu {

struct MatrixBf16Work : MatrixWork {
  const float* bias;  // 16 * blocks, or nullptr
  Activation act;
  const void* residual;  // of the first element of the whole result, or nullptr; may be dst
  bool residual_single;  // f32 instead of bf16
  bool dst_single;
};

struct MatrixBf16Kernel {
  KernelInfo info;
  void (*panel)(const MatrixBf16Work& work) noexcept;
  // dst gets `count` floats, rounded.
  void (*round)(const float* src, std::ptrdiff_t count, void* dst) noexcept;
  // `count` pixels of planes of floats that are `plane` apart, pixel after pixel, each of 2, 4, 16 or 32
  // channels as `width` says, those beyond `channels` zero.
  void (*interleave)(const float* src, std::ptrdiff_t plane, int channels, int width, std::ptrdiff_t count,
                     void* dst) noexcept;
  // Pixel i of 64 bytes: the 32 bytes at src + i * step, and those `block` behind them.
  void (*join)(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
               std::byte* dst) noexcept;
};

std::span<const MatrixBf16Kernel> matrix_bf16_kernels();
const MatrixBf16Kernel* select_matrix_bf16(Isa level);

}  // namespace tenon::cpu
