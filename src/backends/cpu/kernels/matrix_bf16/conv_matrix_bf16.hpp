// The convolution of conv_half.hpp for bf16, with its arguments and bias, by products of tiles of matrices;
// plain images may have any number of channels.
// Of the config the order of loops counts, and its pixels as conv_matrix_configs says. Weights are packed
// once for all ISA levels, in the order of matrix/arrangement.hpp: [groups][ceil(O/16)][step][16][16 o][2].
//
// A window is multiplied in steps, which may end beyond it: there weights are zero, so that numbers to the
// right of a window do not count, but an infinity or NaN within 64 bytes does.
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"

namespace tenon::cpu {

// nullptr if conv_matrix_bf16_run takes the shape, else why not.
const char* conv_matrix_bf16_refusal(const ConvShape& shape, bool planar);
ConvHalfConfigs conv_matrix_bf16_configs(const ConvShape& shape);

// Elements that are multiplied for each result, those included whose weights are zero.
std::ptrdiff_t conv_matrix_bf16_depth(const ConvShape& shape);

std::size_t conv_matrix_bf16_packed_size(const ConvShape& shape);
void conv_matrix_bf16_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t conv_matrix_bf16_scratch_size(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args,
                                          int threads);
void conv_matrix_bf16_run(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                          ThreadPool& pool) noexcept;

// The transposed convolution of conv_half/transposed.hpp likewise, where each output meets one input
// (matrix/by_tap.hpp). Configs and depth are those of the convolution that by_tap gives.
const char* deconv_matrix_bf16_refusal(const ConvShape& shape);
std::size_t deconv_matrix_bf16_packed_size(const ConvShape& shape);
void deconv_matrix_bf16_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed) noexcept;
std::size_t deconv_matrix_bf16_scratch_size(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args,
                                            int threads);
void deconv_matrix_bf16_run(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                            ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
