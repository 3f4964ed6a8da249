// Every conv_nchw kernel this machine runs against sums in double precision.
#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::GuardedBuffer;
using test::Random;

std::vector<float> run(const GemmKernel& kernel, const ConvShape& s, const ConvData& d, bool in_place,
                       int threads) {
  std::vector<float> weights(conv_nchw_packed_size(s));
  conv_nchw_pack(s, d.weights.data(), weights.data());
  GuardedBuffer dst(static_cast<std::size_t>(s.batch * s.out_channels * s.out_d * s.out_h * s.out_w));
  GuardedBuffer scratch(conv_nchw_scratch_size(s, threads));
  ConvArgs args;
  args.shape = s;
  args.src = d.src.data();
  args.weights = weights.data();
  args.bias = d.bias.empty() ? nullptr : d.bias.data();
  args.residual = d.residual.empty() ? nullptr : d.residual.data();
  args.dst = dst.data();
  args.act = d.act;
  if (args.residual && in_place) {
    std::copy(d.residual.begin(), d.residual.end(), dst.data());
    args.residual = dst.data();
  }
  conv_nchw_run(kernel, args, scratch.data(), test::pool_of(threads));
  EXPECT_TRUE(dst.intact());
  EXPECT_TRUE(scratch.intact());
  return {dst.values().begin(), dst.values().end()};
}

class ConvNchwKernels : public test::KernelTest<GemmKernel> {};

void check(Random& random, const GemmKernel& kernel, ConvShape s) {
  s.groups = random.integer(1, 5);
  s.in_channels = s.groups * random.integer(1, 9);
  s.out_channels = s.groups * random.integer(1, 20);
  SCOPED_TRACE(test::describe(s));
  const ConvData d = test::random_data(random, s);
  const bool in_place = random.coin();
  const std::vector<float> got = run(kernel, s, d, in_place, 1);
  test::expect_conv("conv_nchw", s, d, got);
  const std::vector<float> threaded = run(kernel, s, d, in_place, 3);
  EXPECT_EQ(std::memcmp(got.data(), threaded.data(), got.size() * sizeof(float)), 0)
      << "the result depends on the number of threads";
}

TEST_P(ConvNchwKernels, RandomShapesAndGroups) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 80 && !HasFailure(); ++i) check(random, kernel(), test::random_window(random, 5, 30));
}

TEST_P(ConvNchwKernels, ThreeAxes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 10);
    s.kernel_d = random.integer(1, 3);
    s.stride_d = random.integer(1, 2);
    s.dilation_d = random.integer(1, 2);
    s.pad_front = random.integer(0, 3);
    s.in_d = random.integer(1, 7);
    s.out_d = random.integer(1, 5);
    check(random, kernel(), s);
  }
}

TENON_FOR_EACH_KERNEL(ConvNchwKernels, conv_nchw_kernels());

TEST(SelectConvNchw, ObeysTheLevel) {
  test::expect_selection_by_level(conv_nchw_kernels(), select_conv_nchw);
}

}  // namespace
}  // namespace tenon::cpu
