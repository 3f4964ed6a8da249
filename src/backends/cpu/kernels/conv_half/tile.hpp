// The machine-specific code of convolutions and products of 16-bit floats: the tile of band/tile.hpp with
// sums in single precision. conv_half and gemm_half are drivers around it.
//
//   dst[p, o] = act(sum[p, o] + residual[p, o])            rounded once if dst is of 16 bits
//
// or, where weights are scaled (scaled.hpp), with factor[o] * (sum[p, o] - bias[o]) + bias[o] for the sum.
//
// Products of two 16-bit floats are exact in single precision. Channels are taken in pairs, and each sum runs
// over the pairs in their order:
//   portable, AVX2, AVX-512    the even channel's product is added, then the odd one's, each rounded
//   (portable: to
//                              nearest twice, else fused)
//   AVX-512-BF16               vdpbf16ps: the same two steps in an order and with roundings of the machine's
//   choice;
//                              denormal operands and results count as zero
// so that no level differs from the exact sum by more than epsilon * terms * sum of magnitudes + terms *
// 2^-126, and then by half a unit of the last place of what is stored.
//
// Chained kernels of f16 add in f16, at AVX-512-FP16 by vfmadd in 32 lanes: even channels of 16 pairs at most
// in one chain, odd ones in another, each step rounded once. Every second chain is added to the one before,
// and their sums are added in single precision. That is off by 2^-11 * min(17, terms) * sum of magnitudes
// more, and, where factor[o] is of scaled weights, by terms * 2^-25 * factor[o] * (1 + max |x|) for what
// rounding leaves of the smallest numbers. The portable one emulates it.
//
// The source is bytes as they lie in memory, or what ConvHalfKernel::copy makes of them: `wide` kernels
// multiply floats.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/band/tile.hpp"
#include "base/half.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

// Channels of a group.
inline constexpr int kHalfGroup = 2;

// Products that chained kernels add up in f16, and roundings that one takes part in.
inline constexpr int kHalfChain = 16;
inline constexpr int kHalfRoundings = kHalfChain + 1;
// By how much their bound, epsilon * (terms + 2) * sum of magnitudes, is wider than that of the others: each
// term is rounded at most once, by 2^-11.
inline constexpr double kHalfChainFactor = 0x1p12;

struct ConvHalfTile : BandTile<std::uint16_t> {
  const float* bias;     // 16 * oc_blocks, or nullptr
  const float* factors;  // as many, or nullptr: weights are not scaled
  Activation act;
  const void* residual;  // of the whole result, laid out as it, or nullptr; may be dst
  bool dst_single;       // floats instead of the kernel's type
  bool residual_single;
  // With each group of channels, a line of memory that is read after all tiles goes into the second-level
  // cache too, from `far` on; a step of 0 bytes where there is none.
  const std::byte* far;
  std::ptrdiff_t far_step;
};

struct ConvHalfKernel : BandTileSizes {
  KernelInfo info;
  DataType type;  // bf16 or f16
  bool wide;
  bool chained;
  // dst gets `count` elements of the source: of those of the kernel's type, or of floats rounded to it once.
  void (*copy)(const void* src, std::ptrdiff_t count, void* dst) noexcept;
  void (*copy_single)(const float* src, std::ptrdiff_t count, void* dst) noexcept;
  // The same of `count` pixels of planes that are `plane` floats apart: pixel after pixel, each of 2 or 4
  // channels as `width` says, those beyond `channels` zero.
  void (*interleave)(const float* src, std::ptrdiff_t plane, int channels, int width, std::ptrdiff_t count,
                     void* dst) noexcept;
  void (*tile)(const ConvHalfTile&, int pixels, int oc_blocks) noexcept;

  int element() const { return wide ? 4 : 2; }  // bytes
};

inline constexpr int kHalfMostPixels = 14;

std::span<const ConvHalfKernel> conv_half_kernels();
const ConvHalfKernel* select_conv_half(Isa level, DataType type);
// Of f16: the chained kernel where the level has instructions for it, else one that adds in single precision,
// which takes the same weights.
const ConvHalfKernel* select_conv_half_chained(Isa level);

}  // namespace tenon::cpu
