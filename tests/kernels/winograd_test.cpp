// Every winograd kernel this machine runs, with each size of tile and filter.
#include "backends/cpu/kernels/winograd/winograd.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::Random;

constexpr int kTileSizes[] = {2, 4, 6};

float largest(const std::vector<float>& values) {
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  return most;
}

// The largest error in units of the direct sum's bound.
double worst_ratio(const ConvShape& s, const ConvData& d, std::span<const float> dst) {
  const double terms = static_cast<double>(s.in_channels) * s.kernel_h * s.kernel_w + 2;
  const double unit = std::numeric_limits<float>::epsilon() * terms *
                      std::max(1.0, static_cast<double>(largest(d.src)) * largest(d.weights));
  double worst = 0;
  std::size_t at = 0;
  for (int n = 0; n < s.batch; ++n) {
    for (int o = 0; o < s.out_channels; ++o) {
      for (int y = 0; y < s.out_h; ++y) {
        for (int x = 0; x < s.out_w; ++x, ++at) {
          const double exact = test::activate(d.act, test::exact_conv(s, d, n, o, y, x).value);
          worst = std::max(worst, std::abs(dst[at] - exact) / unit);
        }
      }
    }
  }
  return worst;
}

double run(const WinogradKernel& kernel, const ConvShape& s, const ConvData& d, int outputs, bool in_place) {
  SCOPED_TRACE(testing::Message() << kernel.info.name << " " << test::describe(s) << " tiles of " << outputs);
  std::vector<float> weights(winograd_packed_size(s, outputs));
  winograd_pack(s, outputs, d.weights.data(), weights.data());
  double worst = 0;
  test::check_blocked(
      s, d, weights, in_place,
      [&](const ConvArgs& args, int threads) {
        test::GuardedBuffer scratch(winograd_scratch_size(s, outputs, threads));
        winograd_run(kernel, args, outputs, scratch.data(), test::pool_of(threads));
        EXPECT_TRUE(scratch.intact());
      },
      [&](std::span<const float> dst) { worst = worst_ratio(s, d, dst); });
  EXPECT_LE(worst, winograd_error_factor(outputs));
  return worst;
}

ConvShape random_shape(Random& random, int filter) {
  ConvShape s;
  s.batch = random.integer(1, 3);
  s.in_channels = random.integer(0, 40);
  s.out_channels = random.integer(1, 90);
  s.kernel_h = s.kernel_w = filter;
  s.pad_top = random.integer(0, filter);
  s.pad_left = random.integer(0, filter);
  s.in_h = random.integer(1, 20);
  s.in_w = random.integer(1, 20);
  s.out_h = std::max(1, s.in_h + s.pad_top + random.integer(0, filter) - filter + 1);
  s.out_w = std::max(1, s.in_w + s.pad_left + random.integer(0, filter) - filter + 1);
  return s;
}

class WinogradKernels : public test::KernelTest<WinogradKernel> {};

TEST_P(WinogradKernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 25 && !HasFailure(); ++i) {
    const int outputs = kTileSizes[random.integer(0, 2)];
    const ConvShape s = random_shape(random, outputs == 2 && random.coin() ? 5 : 3);
    run(kernel(), s, test::random_data(random, s), outputs, random.coin());
  }
}

// Many tiles and channels: several groups of tiles and slices of output channels.
TEST_P(WinogradKernels, SeveralGroupsAndSlices) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (const int outputs : kTileSizes) {
    ConvShape s;
    s.in_channels = 3;
    s.out_channels = 340;
    s.kernel_h = s.kernel_w = 3;
    s.pad_top = s.pad_left = 1;
    s.in_h = s.out_h = outputs * 9 + 1;
    s.in_w = s.out_w = outputs * 11 - 1;
    run(kernel(), s, test::random_data(random, s), outputs, random.coin());
  }
}

// The stated factors hold where errors are largest, few channels and operands of one size, and are not far
// above what is measured there.
TEST_P(WinogradKernels, ErrorFactorsAreMeasured) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (const int outputs : kTileSizes) {
    double worst = 0;
    for (int i = 0; i < 12 && !HasFailure(); ++i) {
      ConvShape s;
      s.in_channels = i % 3 == 0 ? 1 : random.integer(2, 20);
      s.out_channels = 48;
      s.kernel_h = s.kernel_w = outputs == 2 && i % 2 ? 5 : 3;
      s.pad_top = s.pad_left = 1;
      s.in_h = s.in_w = 24;
      s.out_h = s.out_w = 24 + 2 - s.kernel_h + 1;
      ConvData d = test::random_data(random, s);
      d.bias.clear();
      d.residual.clear();
      d.act = Activation::none();
      if (i % 4 == 0) {
        for (float& value : d.src) value = value < 0 ? -1.0F : 1.0F;
      }
      worst = std::max(worst, run(kernel(), s, d, outputs, false));
    }
    RecordProperty("measured_factor_" + std::to_string(outputs), std::to_string(worst));
    EXPECT_GE(worst, winograd_error_factor(outputs) / 4) << "tiles of " << outputs;
  }
}

TENON_FOR_EACH_KERNEL(WinogradKernels, winograd_kernels());

TEST(SelectWinograd, ObeysTheLevel) { test::expect_selection_by_level(winograd_kernels(), select_winograd); }

TEST(SelectWinograd, SaysWhatItDoesNotTake) {
  ConvShape s;
  s.in_channels = s.out_channels = 32;
  s.kernel_h = s.kernel_w = 5;
  EXPECT_EQ(winograd_refusal(s, 2), nullptr);
  EXPECT_STREQ(winograd_refusal(s, 4), "the filter is not 3x3");
  s.kernel_h = 3;
  EXPECT_STREQ(winograd_refusal(s, 2), "the filter is neither 3x3 nor 5x5");
  s.kernel_w = 3;
  EXPECT_EQ(winograd_refusal(s, 6), nullptr);
  s.stride_w = 2;
  EXPECT_STREQ(winograd_refusal(s, 6), "a stride other than 1");
  s.stride_w = 1;
  s.dilation_h = 2;
  EXPECT_STREQ(winograd_refusal(s, 6), "a dilation other than 1");
  s.dilation_h = 1;
  s.groups = 2;
  EXPECT_STREQ(winograd_refusal(s, 6), "grouped");
}

}  // namespace
}  // namespace tenon::cpu
