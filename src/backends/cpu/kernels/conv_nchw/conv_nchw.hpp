// Convolution with plain NCHW or NCDHW tensors on both sides and any groups: conv.hpp's formula, with a third
// spatial axis where the shape has one, for shapes the blocked kernels refuse.
//
// Each task unfolds a few columns of pixels into packed GEMM panels in its worker's scratch and multiplies.
// Weights are packed once, in one format for all ISA levels: per group gemm_pack_a of [out_channels / groups]
// x [in_channels / groups * kernel_d * kernel_h * kernel_w]. The bias has out_channels floats. residual is
// NCHW and may be dst.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/gemm/gemm.hpp"

#include <cstddef>
#include <span>

namespace tenon::cpu {

// Every gemm kernel, under names of this family.
std::span<const GemmKernel> conv_nchw_kernels();
const GemmKernel* select_conv_nchw(Isa level);

// weights is O, I, kernel: [out_channels][in_channels / groups][kernel_d][kernel_h][kernel_w]. Sizes in
// floats.
std::size_t conv_nchw_packed_size(const ConvShape& shape);
void conv_nchw_pack(const ConvShape& shape, const float* weights, float* packed) noexcept;
std::size_t conv_nchw_scratch_size(const ConvShape& shape, int threads);

// args.config is not used.
void conv_nchw_run(const GemmKernel& kernel, const ConvArgs& args, float* scratch, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
