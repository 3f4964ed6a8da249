// What integer kernels do with their sums: the formula of rule "integer kernels have one formula".
//
//   v = float(sum) * multiplier[channel]
//   v = v + float(r - r_zero) * r_multiplier      with a residual r
//   v = v < 0 ? v * alpha : v                     if leaky
//   v = min(max(v, low), high)                    if bounded; a NaN becomes low
//   result: v, or the byte round_half_even(v) + zero
//
// Each product and sum is rounded once, none is fused. Bytes are always bounded, so that they do not wrap.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

struct Requantize {
  const float* multiplier = nullptr;  // of each output channel, padded with zeros as the kernel's family says
  const void* residual = nullptr;     // bytes laid out as the result
  bool residual_signed = false;
  std::int32_t residual_zero = 0;
  float residual_multiplier = 1;
  bool leaky = false;
  float alpha = 0;
  bool bounded = false;
  float low = 0;
  float high = 0;
  bool bytes = true;  // else the result is f32
  bool is_signed = false;
  std::int32_t zero = 0;
  bool narrow = false;  // every |v| is below 2^30, so that bounds may be applied to integers: these
  std::int32_t low_code = 0;
  std::int32_t high_code = 0;

  // Asks for bytes from `least` to `most` with that zero point.
  void to_bytes(std::int32_t least, std::int32_t most, std::int32_t zero_point) {
    bytes = bounded = true;
    is_signed = least < 0;
    zero = zero_point;
    low = static_cast<float>(least - zero_point);
    high = static_cast<float>(most - zero_point);
  }

  // Adds a clip of v to the bounds, which commutes with those of bytes.
  void clip(float least, float most) {
    if (bounded) {
      const float floor = low, ceiling = high;
      low = std::clamp(least, floor, ceiling);
      high = std::clamp(most, floor, ceiling);
    } else {
      bounded = true;
      low = least;
      high = most;
    }
  }

  // Finds out from `channels` multipliers whether the result is narrow, for sums of at most `reach` in
  // magnitude. Rounding commutes with bounds.
  void find_range(std::size_t channels, double reach = 0x1p31) {
    constexpr double kMost = 0x1p29;
    constexpr float kMostResidual = 0x1p19F;
    if (!bytes) return;
    narrow = std::fabs(residual_multiplier) <= kMostResidual && (!leaky || std::fabs(alpha) <= 1);
    for (std::size_t c = 0; c < channels; ++c)
      narrow = narrow && std::fabs(static_cast<double>(multiplier[c])) * std::min(reach, 0x1p31) <= kMost;
    low_code = static_cast<std::int32_t>(std::nearbyint(low)) + zero;
    high_code = static_cast<std::int32_t>(std::nearbyint(high)) + zero;
  }
};

}  // namespace tenon::cpu
