// Every deconv kernel this machine runs against sums in double precision.
#include "backends/cpu/kernels/deconv/deconv.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::Random;

// Scatters, as the operator is usually defined; the kernels gather. data.weights is [in][out / groups][h][w].
void expect_deconv(const ConvShape& s, const ConvData& d, std::span<const float> dst) {
  std::vector<double> sums(dst.size());
  std::vector<double> magnitudes(dst.size());
  const auto add = [&](std::size_t at, double term) {
    sums[at] += term;
    magnitudes[at] += std::abs(term);
  };
  const auto index = [&](int n, int o, int y, int x) {
    return static_cast<std::size_t>(((n * s.out_channels + o) * s.out_h + y) * s.out_w + x);
  };
  std::size_t from = 0;
  for (int n = 0; n < s.batch; ++n) {
    for (int c = 0; c < s.in_channels; ++c) {
      const int first = c / s.group_in() * s.group_out();
      for (int i = 0; i < s.in_h; ++i) {
        for (int j = 0; j < s.in_w; ++j, ++from) {
          for (int o = 0; o < s.group_out(); ++o) {
            for (int h = 0; h < s.kernel_h; ++h) {
              for (int w = 0; w < s.kernel_w; ++w) {
                const int y = i * s.stride_h + h * s.dilation_h - s.pad_top;
                const int x = j * s.stride_w + w * s.dilation_w - s.pad_left;
                if (y < 0 || y >= s.out_h || x < 0 || x >= s.out_w) continue;
                const int weight = ((c * s.group_out() + o) * s.kernel_h + h) * s.kernel_w + w;
                add(index(n, first + o, y, x),
                    static_cast<double>(d.src[from]) * d.weights[static_cast<std::size_t>(weight)]);
              }
            }
          }
        }
      }
    }
  }
  const double terms = static_cast<double>(s.group_in()) * s.kernel_h * s.kernel_w + 2;
  const std::size_t plane = static_cast<std::size_t>(s.out_h * s.out_w);
  for (std::size_t at = 0; at < dst.size(); ++at) {
    if (!d.bias.empty()) add(at, d.bias[at / plane % static_cast<std::size_t>(s.out_channels)]);
    if (!d.residual.empty()) add(at, d.residual[at]);
    ASSERT_NEAR(dst[at], test::activate(d.act, sums[at]), test::error_bound("deconv", terms, magnitudes[at]))
        << "at element " << at;
  }
}

void check(Random& random, const ConvKernel& kernel, const ConvShape& s) {
  SCOPED_TRACE(testing::Message() << kernel.info.name << " " << test::describe(s));
  const ConvData d = test::random_data(random, s);
  std::vector<float> weights(conv_packed_size(s));
  deconv_pack(s, d.weights.data(), weights.data());
  const auto run = [&](const ConvArgs& args, int threads) {
    deconv_run(kernel, args, test::pool_of(threads));
  };
  test::check_blocked(s, d, weights, random.coin(), run,
                      [&](std::span<const float> dst) { expect_deconv(s, d, dst); });
}

// Windows as random_window() makes them, with input and output exchanged: out_h and out_w may leave out what
// the taps reach, or go beyond it.
ConvShape random_shape(Random& random) {
  ConvShape s = test::random_window(random, 5, 24);
  std::swap(s.in_h, s.out_h);
  std::swap(s.in_w, s.out_w);
  return s;
}

class DeconvKernels : public test::KernelTest<ConvKernel> {};

TEST_P(DeconvKernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 80 && !HasFailure(); ++i) {
    ConvShape s = random_shape(random);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    check(random, kernel(), s);
  }
}

TEST_P(DeconvKernels, GroupsOfWholeBlocks) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = random_shape(random);
    s.groups = 2;
    s.in_channels = 2 * kChannelBlock * random.integer(1, 2);
    s.out_channels = 2 * kChannelBlock;
    check(random, kernel(), s);
  }
}

TEST_P(DeconvKernels, GroupsThatCutBlocks) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = random_shape(random);
    s.groups = random.integer(2, 6);
    s.in_channels = s.groups * random.integer(1, 20);
    s.out_channels = s.groups * random.integer(1, 20);
    check(random, kernel(), s);
  }
}

// Where the stride is the kernel's size each output pixel has one tap.
TEST_P(DeconvKernels, StrideOfTheKernelSize) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s;
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    s.kernel_h = s.kernel_w = s.stride_h = s.stride_w = random.integer(2, 4);
    s.in_h = random.integer(1, 8);
    s.in_w = random.integer(1, 20);
    s.out_h = s.in_h * s.stride_h;
    s.out_w = s.in_w * s.stride_w;
    check(random, kernel(), s);
  }
}

TENON_FOR_EACH_KERNEL(DeconvKernels, deconv_kernels());

TEST(SelectDeconv, ObeysTheLevel) { test::expect_selection_by_level(deconv_kernels(), select_deconv); }

}  // namespace
}  // namespace tenon::cpu
