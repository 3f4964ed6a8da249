// Transposed convolution of bytes, nChw16c to nChw16c:
//
//   sum[n, o, y, x] = bias[o] + sum over c, i, j, h, w of (src[n, c, i, j] - src_zero) * weights[c, o, h, w]
//                     with y + pad_top == i * stride_h + h * dilation_h, x + pad_left == j * stride_w +
//                     w * dilation_w
//   dst = requantize.hpp of it
//
// in ConvShape's terms, with in_* that of src and out_* that of dst; any output size; all else as conv_s8.hpp
// has it. Output pixels whose distance is a multiple of the stride are one class: they meet the same taps, at
// neighbouring inputs, and are a convolution of stride 1 done by conv_s8's tiles, which write every
// stride_w-th pixel. So there is no scattering, and nothing is multiplied that is not part of the sum.
//
// Weights are packed class by class (row of outputs first), in each as conv_s8.hpp says, with the taps that
// the class meets; all classes together have as many as the filter. The bias has a list for each class.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include <span>

namespace tenon::cpu {

// Every conv_s8 kernel, under names of this family.
std::span<const ConvS8Kernel> deconv_s8_kernels();
const ConvS8Kernel* select_deconv_s8(Isa level);

// nullptr if deconv_s8_run takes the shape, else why not.
const char* deconv_s8_refusal(const ConvShape& shape);

// The configs worth trying, best guess first. `oc_inner` is not used.
ConvS8Configs deconv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape);

// weights is [in_channels][out_channels / groups][kernel_h][kernel_w]. The size is conv_s8_packed_size.
void deconv_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept;
// bias may be null. Multipliers are as many as conv_s8_packed_bias_size says.
std::size_t deconv_s8_packed_bias_size(const ConvShape& shape);
void deconv_s8_pack_bias(const ConvShape& shape, const std::int8_t* weights, const std::int32_t* bias,
                         bool src_signed, int src_zero, std::int32_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t deconv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads);
// `planar` of the arguments is not used.
void deconv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                   ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
