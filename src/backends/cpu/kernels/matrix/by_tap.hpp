// Transposed convolutions whose windows touch and do not overlap, as networks enlarge images with: each
// output meets one input, at one tap. They are one convolution of 1x1 for each tap.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"

namespace tenon::cpu {

// nullptr if the transposed convolution is one of these, else why not.
inline const char* by_tap_refusal(const ConvShape& s) {
  const bool touch = s.kernel_h == s.stride_h && s.kernel_w == s.stride_w && s.dilation_h == 1 &&
                     s.dilation_w == 1 && s.pad_top == 0 && s.pad_left == 0 &&
                     s.out_h == s.in_h * s.stride_h && s.out_w == s.in_w * s.stride_w;
  return touch ? nullptr : "windows overlap, leave gaps or are cut";
}

// The convolution of any of the taps.
inline ConvShape by_tap(ConvShape s) {
  s.kernel_h = s.kernel_w = s.stride_h = s.stride_w = 1;
  s.out_h = s.in_h;
  s.out_w = s.in_w;
  return s;
}

}  // namespace tenon::cpu
