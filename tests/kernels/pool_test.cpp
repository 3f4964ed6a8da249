// Every pool kernel this machine runs, in both layouts, against double precision.
#include "backends/cpu/kernels/pool/pool.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <vector>

namespace tenon::cpu {
namespace {

class PoolKernels : public test::KernelTest<PoolKernel> {};

// Position of (n, c, pixel) where a plane has `spatial` pixels.
std::size_t position(const PoolArgs& args, std::ptrdiff_t n, std::ptrdiff_t c, std::ptrdiff_t pixel,
                     std::ptrdiff_t spatial) {
  if (!args.blocked) return static_cast<std::size_t>((n * args.channels + c) * spatial + pixel);
  const std::ptrdiff_t block = n * channel_blocks(args.channels) + c / kChannelBlock;
  return static_cast<std::size_t>((block * spatial + pixel) * kChannelBlock + c % kChannelBlock);
}

struct Answer {
  double exact;
  double bound;
};

Answer pool_exactly(const PoolArgs& args, const std::vector<float>& x, std::ptrdiff_t n, std::ptrdiff_t c,
                    const int (&out)[3]) {
  const PoolArgs::Axis* a = args.axes;
  const std::ptrdiff_t spatial = static_cast<std::ptrdiff_t>(a[0].in) * a[1].in * a[2].in;
  double sum = 0, magnitude = 0, top = -std::numeric_limits<double>::infinity();
  int inside = 0, padded = 0;
  for (int t = 0; t < a[0].kernel * a[1].kernel * a[2].kernel; ++t) {
    const int tap[3] = {t / (a[1].kernel * a[2].kernel), t / a[2].kernel % a[1].kernel, t % a[2].kernel};
    int at[3];
    bool in = true, in_padding = true;
    for (int d = 0; d < 3; ++d) {
      at[d] = out[d] * a[d].stride + tap[d] * a[d].dilation - a[d].pad;
      in = in && at[d] >= 0 && at[d] < a[d].in;
      in_padding = in_padding && at[d] < a[d].in + a[d].pad_end;
    }
    padded += in_padding;
    if (!in) continue;
    const double v = x[position(
        args, n, c, (static_cast<std::ptrdiff_t>(at[0]) * a[1].in + at[1]) * a[2].in + at[2], spatial)];
    ++inside;
    sum += v;
    magnitude += std::abs(v);
    top = std::max(top, v);
  }
  if (args.kind == PoolArgs::Kind::max) return {top, 0};
  const double count = args.count_include_pad ? padded : inside;
  return {sum / count, test::error_bound("pool", inside, magnitude / count)};
}

PoolArgs::Axis random_axis(test::Random& random, int limit) {
  PoolArgs::Axis a;
  a.kernel = random.integer(1, 4);
  a.dilation = random.integer(1, 2);
  a.in = random.integer(a.dilation, limit);
  a.stride = random.integer(1, 3);
  const int reach = (a.kernel - 1) * a.dilation + 1;
  // Less padding than a window reaches, so that each window touches the input.
  a.pad = random.integer(0, reach - 1);
  a.pad_end = random.integer(0, reach - 1);
  if (a.in + a.pad + a.pad_end < reach) a.in = reach;
  a.out = pooled_size(a, random.coin());
  return a;
}

void check_pool(const PoolKernel& kernel, test::Random& random, PoolArgs args) {
  const PoolArgs::Axis* a = args.axes;
  SCOPED_TRACE(testing::Message() << "blocked " << args.blocked << " max "
                                  << (args.kind == PoolArgs::Kind::max) << " channels " << args.channels
                                  << " width in " << a[2].in << " out " << a[2].out << " kernel "
                                  << a[2].kernel << " stride " << a[2].stride << " dilation " << a[2].dilation
                                  << " pad " << a[2].pad << " " << a[2].pad_end);
  const std::ptrdiff_t in = static_cast<std::ptrdiff_t>(a[0].in) * a[1].in * a[2].in;
  const std::ptrdiff_t out = static_cast<std::ptrdiff_t>(a[0].out) * a[1].out * a[2].out;
  const std::ptrdiff_t stored = args.blocked ? channel_blocks(args.channels) * kChannelBlock : args.channels;
  std::vector<float> x(static_cast<std::size_t>(args.batch * stored * in), 0.0F);
  for (std::ptrdiff_t e = 0; e < args.batch * args.channels * in; ++e) {
    x[position(args, e / in / args.channels, e / in % args.channels, e % in, in)] = random.real();
  }
  const auto size = static_cast<std::size_t>(args.batch * stored * out);
  test::GuardedBuffer result(size);
  args.src = x.data();
  args.dst = result.data();
  pool_run(kernel, args, test::pool_of(1));
  ASSERT_TRUE(result.intact());
  for (std::ptrdiff_t e = 0; e < args.batch * stored * out; ++e) {
    const std::ptrdiff_t n = e / out / stored, c = e / out % stored, p = e % out;
    const float got = result.data()[position(args, n, c, p, out)];
    if (c >= args.channels) {
      ASSERT_EQ(got, 0.0F) << "padding lane of channel " << c;
      continue;
    }
    const int at[3] = {static_cast<int>(p / a[2].out / a[1].out), static_cast<int>(p / a[2].out % a[1].out),
                       static_cast<int>(p % a[2].out)};
    const Answer answer = pool_exactly(args, x, n, c, at);
    ASSERT_NEAR(got, answer.exact, answer.bound)
        << "at " << at[0] << "," << at[1] << "," << at[2] << " channel " << c;
  }
  std::vector<float> threaded(size);
  args.dst = threaded.data();
  pool_run(kernel, args, test::pool_of(3));
  ASSERT_EQ(std::memcmp(threaded.data(), result.data(), size * sizeof(float)), 0)
      << "depends on the number of threads";
}

TEST_P(PoolKernels, RandomWindows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 200 && !HasFatalFailure(); ++i) {
    PoolArgs args;
    args.kind = random.coin() ? PoolArgs::Kind::max : PoolArgs::Kind::average;
    args.count_include_pad = random.coin();
    args.blocked = random.coin();
    args.batch = random.integer(1, 2);
    args.channels = random.integer(1, 20);
    if (random.integer(0, 3) == 0) args.axes[0] = random_axis(random, 5);
    args.axes[1] = random_axis(random, 9);
    args.axes[2] = random_axis(random, 60);
    check_pool(kernel(), random, args);
  }
}

TEST_P(PoolKernels, WindowsAsLargeAsTheInput) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    PoolArgs args;
    args.kind = random.coin() ? PoolArgs::Kind::max : PoolArgs::Kind::average;
    args.blocked = random.coin();
    args.batch = random.integer(1, 2);
    args.channels = random.integer(1, 40);
    for (int a = 1; a < 3; ++a) {
      args.axes[a].in = args.axes[a].kernel = random.integer(1, 15);
      args.axes[a].stride = random.integer(1, 2);
    }
    check_pool(kernel(), random, args);
  }
}

// What most networks pool with: blocked, two to five columns, one or two apart.
TEST_P(PoolKernels, CommonWindows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    PoolArgs args;
    args.kind = random.coin() ? PoolArgs::Kind::max : PoolArgs::Kind::average;
    args.count_include_pad = random.coin();
    args.blocked = true;
    args.batch = 1;
    args.channels = random.integer(1, 40);
    for (int a = 1; a < 3; ++a) {
      PoolArgs::Axis& axis = args.axes[a];
      axis.kernel = random.integer(2, 5);
      axis.stride = random.integer(1, 2);
      axis.pad = axis.pad_end = random.integer(0, 1);
      axis.in = random.integer(axis.kernel, 40);
      axis.out = pooled_size(axis, random.coin());
    }
    check_pool(kernel(), random, args);
  }
}

TEST_P(PoolKernels, WideRowsAndWideWindows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (const auto& [in, taps, stride] :
       {std::tuple{3000, 3, 1}, {3001, 3, 2}, {2500, 1500, 7}, {2100, 1024, 1}}) {
    for (const PoolArgs::Kind kind : {PoolArgs::Kind::max, PoolArgs::Kind::average}) {
      PoolArgs args;
      args.kind = kind;
      args.batch = 1;
      args.channels = 2;
      args.axes[1] = {5, 3, 3, 2, 1, 1, 1};
      args.axes[2] = {in, 0, taps, stride, 1, 1, 1};
      args.axes[2].out = pooled_size(args.axes[2], true);
      check_pool(kernel(), random, args);
    }
  }
}

TEST_P(PoolKernels, Global) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (const bool blocked : {false, true}) {
    for (const PoolArgs::Kind kind : {PoolArgs::Kind::max, PoolArgs::Kind::average}) {
      PoolArgs args;
      args.kind = kind;
      args.blocked = blocked;
      args.batch = 2;
      args.channels = 37;
      args.axes[1] = {7, 1, 7};
      args.axes[2] = {9, 1, 9};
      check_pool(kernel(), random, args);
    }
  }
}

TEST(PooledSize, RoundsDownOrUp) {
  EXPECT_EQ(pooled_size({112, 0, 3, 2, 1, 0, 0}, false), 55);
  EXPECT_EQ(pooled_size({112, 0, 3, 2, 1, 0, 0}, true), 56);
  EXPECT_EQ(pooled_size({4, 0, 1, 3, 1, 0, 0}, true), 2);
  EXPECT_EQ(pooled_size({5, 0, 2, 4, 1, 1, 1}, true), 2);
  EXPECT_EQ(pooled_size({2, 0, 2, 3, 1, 0, 1}, true),
            1);  // the second window would start in the trailing padding
  EXPECT_EQ(pooled_size({2, 0, 5, 1, 1, 1, 1}, false), 0);
}

TENON_FOR_EACH_KERNEL(PoolKernels, pool_kernels());

TEST(SelectPool, ObeysTheLevel) { test::expect_selection_by_level(pool_kernels(), select_pool); }

}  // namespace
}  // namespace tenon::cpu
