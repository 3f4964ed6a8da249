// Index ranges of convolutions along one axis.
#pragma once

#include <algorithm>

namespace tenon::cpu {

struct Range {
  int begin = 0;
  int end = 0;
  bool empty() const { return begin >= end; }
  friend bool operator==(const Range&, const Range&) = default;
};

// The taps t in [0, count) with 0 <= start + t * step < size, for step > 0. An empty range is {0, 0}.
inline Range taps_inside(int start, int step, int count, int size) {
  const int begin = start >= 0 ? 0 : (-start + step - 1) / step;
  const int end = start >= size ? 0 : std::min(count, (size - start + step - 1) / step);
  return begin < end ? Range{begin, end} : Range{};
}

// The outputs x in [0, out) of a window of `span` + 1 elements that lies inside of the input: 0 <= x * stride
// - pad and x * stride - pad + span < in. An empty range is {0, 0}.
inline Range interior(int stride, int pad, int span, int in, int out) {
  const int begin = pad <= 0 ? 0 : (pad + stride - 1) / stride;
  const int room = in - 1 - span + pad;
  const int end = room < 0 ? 0 : std::min(out, room / stride + 1);
  return begin < end ? Range{begin, end} : Range{};
}

}  // namespace tenon::cpu
