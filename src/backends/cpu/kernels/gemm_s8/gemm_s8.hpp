// Product of bytes with constant bytes, over the tile of conv_s8:
//
//   sum[i, j] = bias[j] + sum_k (a[i, k] - a_zero) * b[k, j],   c = requantize.hpp of it
//
// exact modulo 2^32. a is i8 or u8, [m][k]; b is i8, packed as the weights of a 1x1 convolution from k to n
// channels are; c is bytes or f32, [m][n], and a residual lies as c does. a_zero and what signed bytes need
// are part of the packed bias, as in conv_s8.hpp. Multipliers and bias are padded to whole blocks of 16.
//
// Where they are `finished`, results are floats (requantize.bytes is false) without a residual, and `finish`
// gets them instead of c.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/finish.hpp"

namespace tenon::cpu {

struct GemmS8Args {
  int m = 0;
  int n = 0;
  int k = 0;
  const std::uint8_t* a = nullptr;
  bool a_signed = false;
  const std::int8_t* b = nullptr;      // packed
  const std::int32_t* bias = nullptr;  // packed
  Requantize requantize;
  void* c = nullptr;
  bool finished = false;
  const ProductFinish* finish = nullptr;  // not needed for sizes
};

// b is [k][n], or [n][k] transposed. Sizes in elements.
std::size_t gemm_s8_packed_size(int k, int n);
void gemm_s8_pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed);
std::size_t gemm_s8_packed_bias_size(int n);
void gemm_s8_pack_bias(const std::int8_t* b, bool transposed, int k, int n, const std::int32_t* bias,
                       bool a_signed, int a_zero, std::int32_t* packed);

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t gemm_s8_scratch_size(const GemmS8Args& args, int threads);
void gemm_s8_run(const ConvS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
