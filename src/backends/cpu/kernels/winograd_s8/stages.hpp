// The stages of winograd/stages.hpp for bytes.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/winograd/stages.hpp"

#include <cstdint>
#include <span>

namespace tenon::cpu {

inline constexpr int kWinogradS8Outputs = 4;
inline constexpr int kWinogradS8Alpha = 6;
// Input channels whose products with one weight vector are summed at once.
inline constexpr int kWinogradS8Pair = 2;

struct WinogradS8Input : WinogradInputOf<std::uint8_t, std::int16_t> {
  std::uint8_t flip;  // bytes are read as byte ^ flip
  std::uint8_t zero;  // what reads outside of the image count as, not flipped
};

// Of the last block of input channels, whole pairs are read; lanes beyond `channels` meet weights of zero.
using WinogradS8Product = WinogradProductOf<std::int16_t, std::int16_t, std::int32_t>;

struct WinogradS8Output : WinogradOutputOf<std::int32_t> {
  const Requantize* requantize;  // its multipliers are those below
  const std::int32_t* bias;      // 16
  const float* multiplier;       // 16
  void* dst;                     // the first element of the whole result, as of the residual
  std::ptrdiff_t dst_at;         // the block's plane in image 0, in elements
};

struct WinogradS8Kernel {
  KernelInfo info;
  int tiles[2];  // see kernels.inc
  void (*input)(const WinogradS8Input&) noexcept;
  void (*product)(const WinogradS8Product&, int tiles, int blocks) noexcept;
  void (*output)(const WinogradS8Output&) noexcept;

  int max_tiles(int blocks) const { return tiles[blocks - 1]; }
  // The largest block count, at most `wanted`, that the kernel has products for.
  int blocks_at_most(int wanted) const { return wanted >= 2 && tiles[1] ? 2 : 1; }
};

std::span<const WinogradS8Kernel> winograd_s8_kernels();

}  // namespace tenon::cpu
