// Product of 16-bit floats with constant ones, over the tile of conv_half:
//
//   c[i, j] = act( bias[j] + residual[i, j] + sum_k a[i, k] * b[k, j] )
//
// with sums in single precision as conv_half/tile.hpp says. a is [m][k], of the kernel's type, or f32 and
// rounded to it on the way; b is packed as the weights of a 1x1 convolution from k to n channels are; c and
// residual are [m][n], each for itself of the kernel's type or f32; residual may be c if both are of one
// type. The bias is f32, padded to whole blocks of 16 (conv_pack_bias). Results do not depend on the number
// of threads.
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"

namespace tenon::cpu {

struct GemmHalfArgs {
  int m = 0;
  int n = 0;
  int k = 0;
  const void* a = nullptr;
  bool a_single = false;             // f32
  const std::uint16_t* b = nullptr;  // packed
  const float* factors = nullptr;    // of a scaled b (conv_half/scaled.hpp), padded, or nullptr
  const float* bias = nullptr;       // padded, or nullptr
  const void* residual = nullptr;
  bool residual_single = false;
  void* c = nullptr;
  bool c_single = false;
  Activation act;
};

// b is [k][n], or [n][k] transposed, rounded to `type`. Size in elements.
std::size_t gemm_half_packed_size(int k, int n);
void gemm_half_pack(const float* b, bool transposed, int k, int n, DataType type, std::uint16_t* packed);

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t gemm_half_scratch_size(const ConvHalfKernel& kernel, const GemmHalfArgs& args, int threads);
void gemm_half_run(const ConvHalfKernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                   ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
