// Transposed convolution of 16-bit floats: the formula of deconv.hpp, with the types, layouts and arguments
// of conv_half.hpp. src is nChw16c.
//
// Weights are packed as band/transposed.hpp says, in each class as conv_half_pack does.
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"

namespace tenon::cpu {

// The configs worth trying, best guess first. `oc_inner` is not used.
ConvHalfConfigs deconv_half_configs(const ConvHalfKernel& kernel, const ConvShape& shape);

// weights is [in_channels][out_channels / groups][kernel_h][kernel_w], rounded to `type`. The size is
// conv_half_packed_size.
void deconv_half_pack(const ConvShape& shape, DataType type, const float* weights,
                      std::uint16_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has. The shape
// is one that conv_half_refusal takes, `planar` of the arguments is not used.
std::size_t deconv_half_scratch_size(const ConvHalfKernel& kernel, const ConvHalfArgs& args, int threads);
void deconv_half_run(const ConvHalfKernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                     ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
