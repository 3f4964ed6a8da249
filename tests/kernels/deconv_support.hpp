// Transposed convolutions for the tests of their kernels.
#pragma once

#include "kernels/conv_support.hpp"

#include <cmath>
#include <utility>

namespace tenon::cpu::test {

// Windows as random_window() makes them, with input and output exchanged: out_h and out_w may leave out what
// the taps reach, or go beyond it.
inline ConvShape random_deconv_window(Random& random) {
  ConvShape s = random_window(random, 5, 24);
  std::swap(s.in_h, s.out_h);
  std::swap(s.in_w, s.out_w);
  return s;
}

// Each output reads one input.
inline ConvShape deconv_by_kernel(int kernel_h, int kernel_w, int in_h, int in_w) {
  ConvShape s;
  s.kernel_h = s.stride_h = kernel_h;
  s.kernel_w = s.stride_w = kernel_w;
  s.in_h = in_h;
  s.in_w = in_w;
  s.out_h = in_h * kernel_h;
  s.out_w = in_w * kernel_w;
  return s;
}

inline ConvShape random_deconv_by_kernel(Random& random) {
  ConvShape s = deconv_by_kernel(random.integer(1, 4), random.integer(2, 4), random.integer(1, 5),
                                 random.integer(1, 40));
  s.batch = random.integer(1, 2);
  s.groups = random.coin() ? 1 : random.integer(2, 3);
  s.in_channels = s.groups * random.integer(1, 130 / s.groups);
  s.out_channels = s.groups * random.integer(1, 100 / s.groups);
  return s;
}

// With more results than a cache is to hold.
inline ConvShape large_deconv_by_kernel(Random& random) {
  ConvShape s = deconv_by_kernel(3, 4, 31, random.integer(50, 60));
  s.in_channels = random.integer(1, 40);
  s.out_channels = random.integer(30, 70);
  return s;
}

// All outputs before the activation. Scatters, as the operator is usually defined; the kernels gather.
// data.weights is [in][out / groups][h][w].
inline std::vector<ExactSum> exact_deconv(const ConvShape& s, const ConvData& d) {
  const auto plane = static_cast<std::size_t>(s.out_h * s.out_w);
  std::vector<ExactSum> sums(plane * static_cast<std::size_t>(s.batch * s.out_channels));
  const auto add = [&](std::size_t at, double term) {
    sums[at].value += term;
    sums[at].magnitude += std::abs(term);
  };
  std::size_t from = 0;
  for (int n = 0; n < s.batch; ++n) {
    for (int c = 0; c < s.in_channels; ++c) {
      const int first = n * s.out_channels + c / s.group_in() * s.group_out();
      for (int i = 0; i < s.in_h; ++i) {
        for (int j = 0; j < s.in_w; ++j, ++from) {
          for (int o = 0; o < s.group_out(); ++o) {
            for (int h = 0; h < s.kernel_h; ++h) {
              for (int w = 0; w < s.kernel_w; ++w) {
                const int y = i * s.stride_h + h * s.dilation_h - s.pad_top;
                const int x = j * s.stride_w + w * s.dilation_w - s.pad_left;
                if (y < 0 || y >= s.out_h || x < 0 || x >= s.out_w) continue;
                const int weight = ((c * s.group_out() + o) * s.kernel_h + h) * s.kernel_w + w;
                add(static_cast<std::size_t>(((first + o) * s.out_h + y) * s.out_w + x),
                    static_cast<double>(d.src[from]) * d.weights[static_cast<std::size_t>(weight)]);
              }
            }
          }
        }
      }
    }
  }
  for (std::size_t at = 0; at < sums.size(); ++at) {
    if (!d.bias.empty()) add(at, d.bias[at / plane % static_cast<std::size_t>(s.out_channels)]);
    if (!d.residual.empty()) add(at, d.residual[at]);
  }
  return sums;
}

}  // namespace tenon::cpu::test
