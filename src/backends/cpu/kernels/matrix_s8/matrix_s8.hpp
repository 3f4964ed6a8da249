// The machine-specific code of integer convolutions and products on processors that multiply tiles of
// matrices (AMX): matrix/matrix.hpp for bytes,
//
//   sum[row, o] = bias[o] + sum over steps s, k < 64 of u[row, s, k] * w[o, s, k]
//
// with u unsigned bytes and w signed ones, exact modulo 2^32; then requantize.hpp. conv_matrix_s8 and
// gemm_matrix_s8 are drivers around it.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/matrix/matrix.hpp"

#include <span>

namespace tenon::cpu {

struct MatrixS8Work : MatrixWork {
  const std::int32_t* bias;      // 16 * blocks
  const Requantize* requantize;  // its multipliers are those below
  const float* multiplier;       // 16 * blocks
};

struct MatrixS8Kernel {
  KernelInfo info;
  void (*panel)(const MatrixS8Work& work) noexcept;
  // What MatrixSource::join does, of four blocks of bytes.
  void (*join)(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
               std::byte* dst) noexcept;
};

std::span<const MatrixS8Kernel> matrix_s8_kernels();
const MatrixS8Kernel* select_matrix_s8(Isa level);

}  // namespace tenon::cpu
