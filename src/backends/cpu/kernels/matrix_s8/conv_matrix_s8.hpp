// The convolution of conv_s8.hpp, with its arguments and packed bias, by products of tiles of matrices. Of
// the config the order of loops counts, and its pixels as conv_matrix_configs says. Weights are packed once
// for all ISA levels, in the order of matrix/arrangement.hpp: [groups][ceil(O/16)][step][16][16 o][4].
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

namespace tenon::cpu {

// nullptr if conv_matrix_s8_run takes the shape, else why not.
const char* conv_matrix_s8_refusal(const ConvShape& shape, bool planar);
ConvS8Configs conv_matrix_s8_configs(const ConvShape& shape);

// Bytes that are multiplied for each result, those included whose weights are zero.
std::ptrdiff_t conv_matrix_s8_depth(const ConvShape& shape);

std::size_t conv_matrix_s8_packed_size(const ConvShape& shape);
void conv_matrix_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t conv_matrix_s8_scratch_size(const MatrixS8Kernel& kernel, const ConvS8Args& args, int threads);
void conv_matrix_s8_run(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                        ThreadPool& pool) noexcept;

// The transposed convolution of deconv_s8.hpp likewise, where each output meets one input
// (matrix/by_tap.hpp). Configs and depth are those of the convolution that by_tap gives.
const char* deconv_matrix_s8_refusal(const ConvShape& shape);
std::size_t deconv_matrix_s8_packed_size(const ConvShape& shape);
void deconv_matrix_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept;
std::size_t deconv_matrix_s8_scratch_size(const MatrixS8Kernel& kernel, const ConvS8Args& args, int threads);
void deconv_matrix_s8_run(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                          ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
