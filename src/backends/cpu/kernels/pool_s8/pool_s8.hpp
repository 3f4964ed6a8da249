// Pooling of bytes in nChw16c, over up to three spatial dimensions; windows and padding as in pool/pool.hpp.
//
//   max       dst[n, c, o] = max over taps t of src[n, c, o * stride + t * dilation - pad]
//   average   sum = sum over those taps of (src - src_zero), exact;
//             dst = float(sum) * (multiplier / float(count)), rounded once each, then as bytes/requantize.hpp
//             has it, with the taps that PoolArgs counts
//
// src and dst are both i8 or both u8. What is in padding lanes stays there, in some form.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/pool/pool.hpp"

#include <cstdint>

namespace tenon::cpu {

struct PoolS8Args {
  PoolArgs::Kind kind = PoolArgs::Kind::max;
  bool count_include_pad = false;
  bool is_signed = false;
  const std::uint8_t* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t channels = 0;
  PoolArgs::Axis axes[3];
  std::int32_t src_zero = 0;  // average
  float multiplier = 1;
  Requantize requantize;  // to bytes; no residual, no multiplier
};

struct PoolS8Kernel {
  KernelInfo info;
  // Units: rows of dst, batch x channel blocks x depth x height.
  void (*pool)(const PoolS8Args&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

std::span<const PoolS8Kernel> pool_s8_kernels();
const PoolS8Kernel* select_pool_s8(Isa level);

void pool_s8_run(const PoolS8Kernel& kernel, const PoolS8Args& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
