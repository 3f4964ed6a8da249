// Every depthwise kernel this machine runs against sums in double precision.
#include "backends/cpu/kernels/depthwise/depthwise.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::Random;

void check(Random& random, const DepthwiseKernel& kernel, const ConvShape& s) {
  SCOPED_TRACE(testing::Message() << kernel.info.name << " " << test::describe(s));
  const ConvData d = test::random_data(random, s);
  std::vector<float> weights(depthwise_packed_size(s));
  depthwise_pack(s, d.weights.data(), weights.data());
  const auto run = [&](const ConvArgs& args, int threads) {
    depthwise_run(kernel, args, test::pool_of(threads));
  };
  test::check_blocked(s, d, weights, random.coin(), run,
                      [&](std::span<const float> dst) { test::expect_conv("depthwise", s, d, dst); });
}

class DepthwiseKernels : public test::KernelTest<DepthwiseKernel> {};

TEST_P(DepthwiseKernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 150 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 7, 40);
    s.groups = s.in_channels = s.out_channels = random.integer(1, 40);
    check(random, kernel(), s);
  }
}

// The windows that have code of their own: three or five taps side by side, stride one or two.
TEST_P(DepthwiseKernels, CommonWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    ConvShape s;
    s.groups = s.in_channels = s.out_channels = random.integer(1, 40);
    s.kernel_h = s.kernel_w = random.coin() ? 3 : 5;
    s.stride_h = s.stride_w = random.integer(1, 2);
    const int reach = s.kernel_h / 2;
    const int shrink = random.integer(0, 2 * reach);  // of padding
    s.pad_top = s.pad_left = reach - shrink / 2;
    s.in_h = random.integer(1, 10) + shrink;
    s.in_w = random.integer(1, 50) + shrink;
    s.out_h = (s.in_h - shrink - 1) / s.stride_h + 1;
    s.out_w = (s.in_w - shrink - 1) / s.stride_w + 1;
    EXPECT_TRUE(depthwise_has_rows(s));
    check(random, kernel(), s);
  }
}

TENON_FOR_EACH_KERNEL(DepthwiseKernels, depthwise_kernels());

TEST(SelectDepthwise, ObeysTheLevel) {
  test::expect_selection_by_level(depthwise_kernels(), select_depthwise);
}

TEST(SelectDepthwise, RefusesOtherGroups) {
  ConvShape s;
  s.in_channels = s.out_channels = s.groups = 4;
  EXPECT_EQ(depthwise_refusal(s), nullptr);
  s.out_channels = 8;
  EXPECT_STREQ(depthwise_refusal(s), "not one input and one output channel per group");
}

}  // namespace
}  // namespace tenon::cpu
