// Every conv kernel this machine runs, by each of its drivers, with every config offered and some that are
// not.
#include "backends/cpu/kernels/conv/conv.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::Random;

enum class Driver { blocked, banded, planar };

void check(Random& random, const ConvKernel& kernel, const ConvShape& s, const ConvConfig& config,
           Driver driver) {
  SCOPED_TRACE(testing::Message() << kernel.info.name << " " << test::describe(s)
                                  << " driver=" << static_cast<int>(driver) << " pixels=" << config.pixels
                                  << " oc_blocks=" << config.oc_blocks << " ic_blocks=" << config.ic_blocks
                                  << " rows=" << config.rows << " oc_inner=" << config.oc_inner);
  const bool planar = driver == Driver::planar;
  const ConvData d = test::random_data(random, s);
  std::vector<float> weights(planar ? conv_planar_packed_size(s) : conv_packed_size(s));
  (planar ? conv_planar_pack : conv_pack)(s, d.weights.data(), weights.data());
  const std::vector<std::byte> ahead(random.coin() ? 64 * random.integer(1, 100) : 0);
  const auto run = [&](ConvArgs args, int threads) {
    args.config = config;
    if (driver == Driver::blocked) {
      args.ahead = ahead;
      return conv_run(kernel, args, test::pool_of(threads));
    }
    std::vector<float> scratch((planar ? conv_planar_scratch_size : conv_banded_scratch_size)(s, threads),
                               std::nanf(""));
    (planar ? conv_planar_run : conv_banded_run)(kernel, args, scratch.data(), test::pool_of(threads));
  };
  test::check_blocked(
      s, d, weights, random.coin(), run,
      [&](std::span<const float> dst) { test::expect_conv("conv", s, d, dst); }, planar);
}

ConvConfig random_config(Random& random, const ConvKernel& kernel, const ConvShape& s) {
  ConvConfig c;
  c.oc_blocks = 1 << random.integer(0, 2);
  c.pixels = random.integer(1, kernel.max_pixels(1));
  c.ic_blocks = random.integer(0, static_cast<int>(channel_blocks(s.group_in())));
  c.rows = random.coin();
  c.oc_inner = random.coin();
  return c;
}

// By conv_run, and by conv_banded_run if that takes the shape.
void check_blocked(Random& random, const ConvKernel& kernel, const ConvShape& s) {
  check(random, kernel, s, random_config(random, kernel, s), Driver::blocked);
  if (conv_banded_refusal(s) == nullptr)
    check(random, kernel, s, random_config(random, kernel, s), Driver::banded);
}

class ConvKernels : public test::KernelTest<ConvKernel> {};

TEST_P(ConvKernels, RandomShapesAndConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    check_blocked(random, kernel(), s);
  }
}

TEST_P(ConvKernels, GroupsOfWholeBlocks) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 10);
    s.groups = random.integer(2, 3);
    s.in_channels = s.groups * kChannelBlock * random.integer(1, 2);
    s.out_channels = s.groups * kChannelBlock * random.integer(1, 3);
    check_blocked(random, kernel(), s);
  }
}

TEST_P(ConvKernels, GroupsThatCutBlocks) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 10);
    s.groups = random.integer(2, 8);
    s.in_channels = s.groups * random.integer(1, 20);
    s.out_channels = s.groups * random.integer(1, 20);
    check_blocked(random, kernel(), s);
  }
}

TEST_P(ConvKernels, PointwiseShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    ConvShape s;
    s.in_channels = random.integer(1, 100);
    s.out_channels = random.integer(1, 100);
    s.in_h = s.out_h = random.integer(1, 12);
    s.in_w = s.out_w = random.integer(1, 12);
    check_blocked(random, kernel(), s);
  }
}

TEST_P(ConvKernels, PlanarInput) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 7, 40);
    s.in_channels = random.integer(1, 5);
    s.out_channels = random.integer(1, 90);
    check(random, kernel(), s, random_config(random, kernel(), s), Driver::planar);
  }
}

TEST_P(ConvKernels, OfferedConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 30);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    const ConvConfigs blocked = conv_configs(kernel(), s);
    ASSERT_GE(blocked.count, 1);
    for (int c = 0; c < blocked.count; ++c) check(random, kernel(), s, blocked.configs[c], Driver::blocked);
    const ConvConfigs banded = conv_banded_configs(kernel(), s);
    ASSERT_GE(banded.count, 1);
    for (int c = 0; c < banded.count && conv_banded_refusal(s) == nullptr; ++c)
      check(random, kernel(), s, banded.configs[c], Driver::banded);
    const ConvConfigs planar = conv_planar_configs(kernel(), s);
    ASSERT_GE(planar.count, 1);
    for (int c = 0; c < planar.count; ++c) check(random, kernel(), s, planar.configs[c], Driver::planar);
  }
}

// Weights so many that threads share a band, whose pixels are every second one: each copies it once for all
// its output channels, and again for the next image.
TEST_P(ConvKernels, PartsShareACopiedBand) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.batch = 2;
  s.in_channels = 272;
  s.out_channels = 500;
  s.kernel_h = s.kernel_w = 1;
  s.stride_h = s.stride_w = 2;
  s.in_h = s.in_w = 9;
  s.out_h = s.out_w = 5;
  const ConvConfigs banded = conv_banded_configs(kernel(), s);
  for (int c = 0; c < banded.count; ++c) check(random, kernel(), s, banded.configs[c], Driver::banded);
}

TENON_FOR_EACH_KERNEL(ConvKernels, conv_kernels());

TEST(SelectConv, ObeysTheLevel) { test::expect_selection_by_level(conv_kernels(), select_conv); }

TEST(MergedGroups, AreAsFewAsFillBlocks) {
  ConvShape s;
  const auto merged = [&s](int in, int out, int groups) {
    s.in_channels = in;
    s.out_channels = out;
    s.groups = groups;
    return conv_merged(s).groups;
  };
  EXPECT_EQ(merged(24, 32, 1), 1);
  EXPECT_EQ(merged(24, 32, 2), 1);
  EXPECT_EQ(merged(64, 32, 2), 2);
  EXPECT_EQ(merged(128, 128, 32), 8);
  EXPECT_EQ(merged(96, 192, 12), 6);
  EXPECT_EQ(merged(240, 60, 3), 1);
  EXPECT_EQ(merged(8, 16, 8), 1);
  EXPECT_EQ(conv_refusal(s), nullptr);
  merged(16, 16, 16);
  EXPECT_STREQ(conv_refusal(s), "too many groups share a block of 16 channels");
}

// Multiplies nothing, and notes which of the lines of `watched` a tile asks for.
std::span<const float> watched;
std::vector<int> asked;
void note_lines(const ConvTile& t, ConvAccess, int, int) noexcept {
  const int steps = ((t.blocks - 1) * kChannelBlock + t.last_lanes) * t.taps_h * t.taps_w * t.tiles;
  for (int i = 0; t.ahead != nullptr && i < steps; ++i) {
    const std::ptrdiff_t at = t.ahead + i * t.ahead_step - watched.data();
    if (at >= 0 && at < std::ssize(watched)) ++asked[static_cast<std::size_t>(at / kChannelBlock)];
  }
}

TEST(ConvAhead, AsksForEveryLine) {
  Random random;
  SCOPED_TRACE(random.trace());
  const ConvKernel noting{{"conv", "noting", Isa::portable}, {14, 14, 6}, note_lines};
  int tried = 0;
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    ConvArgs args;
    ConvShape& s = args.shape;
    s.batch = random.integer(1, 2);
    s.in_channels = random.integer(1, 100);
    s.out_channels = random.integer(1, 100);
    s.in_h = s.out_h = random.integer(1, 14);
    s.in_w = s.out_w = random.integer(1, 14);
    args.config = random_config(random, noting, s);
    const std::ptrdiff_t lines = conv_lines_ahead(noting, args);
    if (lines == 0) continue;
    const auto wanted = static_cast<std::size_t>(random.integer(1, static_cast<int>(lines)));
    const std::vector<float> memory(wanted * kChannelBlock);
    watched = memory;
    asked.assign(wanted, 0);
    args.ahead = std::as_bytes(watched);
    std::vector<float> tensor(s.batch * 112U * 14 * 14);
    args.src = args.weights = args.dst = tensor.data();
    conv_run(noting, args, test::pool_of(1));
    SCOPED_TRACE(testing::Message() << test::describe(s) << ", " << wanted << " of " << lines << " lines");
    EXPECT_EQ(std::count(asked.begin(), asked.end(), 0), 0);
    ++tried;
  }
  EXPECT_GT(tried, 50);
}

TEST(ConvBanded, TakesWindowsOfSmallStrides) {
  ConvShape s;
  s.in_channels = s.out_channels = 16;
  s.in_h = s.in_w = s.out_h = s.out_w = 8;
  EXPECT_STREQ(conv_banded_refusal(s), "its pixels lie evenly spaced without bands");
  s.stride_h = s.stride_w = 2;
  s.out_h = s.out_w = 4;
  EXPECT_EQ(conv_banded_refusal(s), nullptr);
  s.stride_w = 3;
  s.out_w = 3;
  EXPECT_STREQ(conv_banded_refusal(s), "a stride beyond two");
}

// Tiles of every size that the kernels list have code behind them.
TEST(ConvKernel, TileSizesShrinkWithBlocks) {
  for (const ConvKernel& kernel : conv_kernels()) {
    EXPECT_GE(kernel.pixels[0], 1);
    EXPECT_GE(kernel.pixels[0], kernel.pixels[1]);
    EXPECT_GE(kernel.pixels[1], kernel.pixels[2]);
  }
}

}  // namespace
}  // namespace tenon::cpu
