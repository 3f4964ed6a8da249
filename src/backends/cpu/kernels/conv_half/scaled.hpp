// Weights for chained kernels (tile.hpp), which add products in f16: the weights of an output channel are
// multiplied by a power of two that takes the largest below 2^-6. The 32 products of two chains, with any
// numbers of f16, then stay below half of the largest number, which leaves room for what is rounded up: sums
// of finite numbers stay finite. What is lost are digits of weights under 2^-8 of the largest of their
// channel, and of sums under 2^-14: see tile.hpp.
//
// Packed as weights are otherwise, in f16, and behind them the factors that undo it, one float for each
// output channel, padded to whole blocks with 1.
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"

#include <span>
#include <vector>

namespace tenon::cpu {

// Elements of 16 bits. `weights`: of the weights alone (conv_half_packed_size, gemm_half_packed_size).
std::size_t scaled_f16_size(std::size_t weights, int channels);
// Of what is packed.
inline const float* scaled_f16_factors(const std::uint16_t* packed, std::size_t weights) {
  return reinterpret_cast<const float*>(packed + weights);
}

// Weights as the functions without "scaled" take them.
void conv_f16_scaled_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed);
void deconv_f16_scaled_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed);
void gemm_f16_scaled_pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed);

}  // namespace tenon::cpu
