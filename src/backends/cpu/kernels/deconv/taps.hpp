// Transposed convolution by output position: along each axis, positions whose distance is a multiple of the
// stride meet the same taps, at neighbouring inputs.
#pragma once

#include <algorithm>
#include <numeric>

namespace tenon::cpu {

// The taps that reach one output position along one axis: tap `first` + k * `step` reads input `source` - k *
// `source_step`, k < count. The input may lie outside of src.
struct Taps {
  int first = 0;
  int step = 1;
  int count = 0;
  int source = 0;
  int source_step = 1;
};

// `position` counts from the first output in front of padding.
inline Taps taps_of(int position, int stride, int dilation, int kernel) {
  const int divisor = std::gcd(stride, dilation);
  Taps taps;
  taps.step = stride / divisor;
  taps.source_step = dilation / divisor;
  for (int tap = 0; tap < std::min(taps.step, kernel); ++tap) {
    const int distance = position - tap * dilation;
    if (distance % stride) continue;
    taps.first = tap;
    taps.source = distance / stride;
    taps.count = (kernel - 1 - tap) / taps.step + 1;
    break;
  }
  return taps;
}

}  // namespace tenon::cpu
