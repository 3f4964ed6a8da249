// Transposed convolution, single precision, blocked channels (nChw16c):
//
//   dst[n, o, y, x] = act( bias[o] + residual[n, o, y, x] + sum over c, i, j, h, w of src[n, c, i, j] *
//   weights[c, o, h, w]
//                          with y + pad_top == i * stride_h + h * dilation_h, x + pad_left == j * stride_w +
//                          w * dilation_w )
//
// in ConvShape's terms, with in_* that of src and out_* that of dst; any output size. Output pixels whose
// distance is a multiple of the stride meet the same taps, at neighbouring inputs: each such class is a
// convolution of stride 1, done by conv's tiles, without scattering and without touching a zero.
//
// Weights are packed as conv_pack does, from [in_channels][out_channels / groups][kernel_h][kernel_w]; the
// bias is that of conv_pack_bias. residual may be dst.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"

#include <cstddef>
#include <span>

namespace tenon::cpu {

// Every conv kernel, under names of this family.
std::span<const ConvKernel> deconv_kernels();
const ConvKernel* select_deconv(Isa level);

// nullptr if deconv_run takes the shape, else why not.
const char* deconv_refusal(const ConvShape& shape);

// The size is conv_packed_size.
void deconv_pack(const ConvShape& shape, const float* weights, float* packed) noexcept;

// args.config is not used.
void deconv_run(const ConvKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
