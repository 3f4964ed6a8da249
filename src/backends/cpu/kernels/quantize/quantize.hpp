// Quantization to unsigned bytes with one scale and zero point:
//
//   dst[i] = min(max(round_half_even(src[i] / scale) + zero, 0), 255)       scale > 0; a NaN becomes 0
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct QuantizeArgs {
  const float* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t count = 0;
  float scale = 1;
  float zero = 0;  // 0 … 255
};

struct QuantizeKernel {
  KernelInfo info;
  void (*quantize)(const QuantizeArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

std::span<const QuantizeKernel> quantize_kernels();
const QuantizeKernel* select_quantize(Isa level);

void quantize_run(const QuantizeKernel& kernel, const QuantizeArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
