// The machine-specific code of integer convolutions and products: the tile of band/tile.hpp with x unsigned
// bytes and w signed ones, exact modulo 2^32; then requantize.hpp. conv_s8, deconv_s8 and gemm_s8 are drivers
// around it. The source is what ConvS8Kernel::copy makes of bytes: bytes again, or with `wide` 16-bit
// integers for machines whose products are of those; or the bytes themselves where they are unsigned and the
// kernel is not wide.
#pragma once

#include "backends/cpu/kernels/band/tile.hpp"
#include "backends/cpu/kernels/bytes/requantize.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tenon::cpu {

// Channels of a group.
inline constexpr int kS8Group = 4;
// A group's weights for a block of output channels.
inline constexpr int kS8GroupWeights = kChannelBlock * kS8Group;

struct ConvS8Tile : BandTile<std::int8_t> {
  const std::int32_t* bias;      // 16 * oc_blocks
  const Requantize* requantize;  // its multipliers are those below
  const float* multiplier;       // 16 * oc_blocks
};

struct ConvS8Kernel : BandTileSizes {
  KernelInfo info;
  bool wide;
  // dst gets `count` (a multiple of 4) bytes src[i] ^ flip, each as one element of the source.
  void (*copy)(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
  void (*tile)(const ConvS8Tile&, int pixels, int oc_blocks) noexcept;

  int element() const { return wide ? 2 : 1; }  // bytes
};

// `count` bytes as the source of whole groups; what is missing of the last one is zero before the flip.
inline void copy_s8_row(const ConvS8Kernel& kernel, const std::uint8_t* src, int count, std::uint8_t flip,
                        std::byte* dst) noexcept {
  const int whole = count / kS8Group * kS8Group, rest = count - whole;
  kernel.copy(src, whole, flip, dst);
  if (rest == 0) return;
  std::uint8_t last[kS8Group] = {};  // times weights of zero
  std::memcpy(last, src + whole, static_cast<std::size_t>(rest));
  kernel.copy(last, kS8Group, flip, dst + whole * kernel.element());
}

inline constexpr int kS8MostPixels = 14;

std::span<const ConvS8Kernel> conv_s8_kernels();
const ConvS8Kernel* select_conv_s8(Isa level);

}  // namespace tenon::cpu
