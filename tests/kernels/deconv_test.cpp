// Every deconv kernel this machine runs against sums in double precision.
#include "backends/cpu/kernels/deconv/deconv.hpp"

#include "base/thread_pool.hpp"
#include "kernels/deconv_support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::Random;

void expect_deconv(const ConvShape& s, const ConvData& d, std::span<const float> dst) {
  const std::vector<test::ExactSum> sums = test::exact_deconv(s, d);
  ASSERT_EQ(sums.size(), dst.size());
  const double terms = static_cast<double>(s.group_in()) * s.kernel_h * s.kernel_w + 2;
  for (std::size_t at = 0; at < dst.size(); ++at) {
    ASSERT_NEAR(dst[at], test::activate(d.act, sums[at].value),
                test::error_bound("deconv", terms, sums[at].magnitude))
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

class DeconvKernels : public test::KernelTest<ConvKernel> {};

TEST_P(DeconvKernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 80 && !HasFailure(); ++i) {
    ConvShape s = test::random_deconv_window(random);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    check(random, kernel(), s);
  }
}

TEST_P(DeconvKernels, GroupsOfWholeBlocks) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = test::random_deconv_window(random);
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
    ConvShape s = test::random_deconv_window(random);
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
