// From the extremes of a tensor to its bytes: dynamic_quantize_linear, once somebody has found them.
#pragma once

#include "backends/cpu/kernels/quantize/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon::cpu {

struct DynamicResults {
  std::uint8_t* bytes = nullptr;
  float* scale = nullptr;
  std::uint8_t* zero = nullptr;
};

inline void dynamic_quantize_run(const QuantizeKernel& kernel, const float* x, std::ptrdiff_t count,
                                 Extremes range, const DynamicResults& to, ThreadPool& pool) noexcept {
  const float scale = (range.high - range.low) / 255.0F;
  const float zero = scale == 0 ? 0 : std::clamp(std::nearbyint(-range.low / scale), 0.0F, 255.0F);
  if (scale == 0) {
    std::memset(to.bytes, 0, static_cast<std::size_t>(count));
  } else {
    quantize_run(kernel, {x, to.bytes, count, scale, zero}, pool);
  }
  *to.scale = scale;
  *to.zero = static_cast<std::uint8_t>(zero);
}

}  // namespace tenon::cpu
