// Convolution of bytes into blocked channels:
//
//   sum[n, o, y, x] = bias[o] + sum over c, h, w of (src[n, c, y * stride_h - pad_top + h * dilation_h,
//                     x * stride_w - pad_left + w * dilation_w] - src_zero) * weights[o, c, h, w]
//   dst = requantize.hpp of it
//
// exact modulo 2^32, with reads outside of src counting as src_zero and c running over the input channels of
// o's group. src is i8 or u8, weights are i8, dst is bytes or f32. src is nChw16c, or plain NCHW of at most 4
// channels; dst and a residual are nChw16c. Padding lanes of dst are zero in f32 and anything in bytes; those
// of src may be anything.
//
// Kernels multiply unsigned bytes u = src + 128 for signed ones; what they so add to a sum, and what src_zero
// adds, is the same for every pixel and part of the packed bias. Weights are packed once for all ISA levels,
//   [groups][ceil(O/16)][ceil(C/16)][kernel_h][kernel_w][ceil(c/4)][16 o][4 c]     O, C per group, c in the
//   block
// with zeros for missing channels. Groups that cut blocks are merged, as in conv.hpp. Every level gives the
// same bits.
#pragma once

#include "backends/cpu/kernels/band/config.hpp"
#include "backends/cpu/kernels/conv_s8/tile.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

using ConvS8Config = BandConfig;
using ConvS8Configs = BandConfigs;

struct ConvS8Args {
  ConvShape shape;
  ConvS8Config config;
  const std::uint8_t* src = nullptr;
  bool src_signed = false;
  bool planar = false;  // src is NCHW
  int src_zero = 0;
  const std::int8_t* weights = nullptr;  // packed
  const std::int32_t* bias = nullptr;    // packed
  Requantize requantize;                 // multiplier: as many as the packed bias has
  void* dst = nullptr;
};

// nullptr if conv_s8_run takes the shape, else why not.
const char* conv_s8_refusal(const ConvShape& shape, bool planar);

ConvS8Configs conv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape);

// weights is OIHW: [out_channels][in_channels / groups][kernel_h][kernel_w]. Sizes in elements.
std::size_t conv_s8_packed_size(const ConvShape& shape);
void conv_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept;
// bias may be null. Multipliers have the same size.
std::size_t conv_s8_packed_bias_size(const ConvShape& shape);
void conv_s8_pack_bias(const ConvShape& shape, const std::int8_t* weights, const std::int32_t* bias,
                       bool src_signed, int src_zero, std::int32_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t conv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads);
void conv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
