// Every conv kernel this machine runs, blocked and planar, with every config offered and some that are not.
#include "backends/cpu/kernels/conv/conv.hpp"

#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace tenon::cpu {
namespace {

using test::ConvData;
using test::GuardedBuffer;
using test::Random;

enum class Input { blocked, planar };

// The blocked output.
std::vector<float> run(const ConvKernel& kernel, const ConvShape& s, const ConvConfig& config,
                       const ConvData& d, Input input, bool in_place, int threads) {
  const std::ptrdiff_t in_plane = s.in_h * s.in_w;
  const std::ptrdiff_t out_plane = s.out_h * s.out_w;
  std::vector<float> src =
      input == Input::planar ? d.src : test::block(d.src, s.batch, s.in_channels, in_plane);
  std::vector<float> weights(input == Input::planar ? conv_planar_packed_size(s) : conv_packed_size(s));
  input == Input::planar ? conv_planar_pack(s, d.weights.data(), weights.data())
                         : conv_pack(s, d.weights.data(), weights.data());
  std::vector<float> bias(conv_packed_bias_size(s.out_channels));
  if (!d.bias.empty()) conv_pack_bias(d.bias.data(), s.out_channels, bias.data());
  std::vector<float> residual;
  if (!d.residual.empty()) residual = test::block(d.residual, s.batch, s.out_channels, out_plane);

  GuardedBuffer dst(
      static_cast<std::size_t>(s.batch * channel_blocks(s.out_channels) * out_plane * kChannelBlock));
  ConvArgs args;
  args.shape = s;
  args.config = config;
  args.src = src.data();
  args.weights = weights.data();
  args.bias = d.bias.empty() ? nullptr : bias.data();
  args.dst = dst.data();
  args.act = d.act;
  if (!residual.empty()) {
    args.residual = residual.data();
    if (in_place) {
      std::copy(residual.begin(), residual.end(), dst.data());
      args.residual = dst.data();
    }
  }
  (input == Input::planar ? conv_planar_run : conv_run)(kernel, args, test::pool_of(threads));
  EXPECT_TRUE(dst.intact());
  return {dst.values().begin(), dst.values().end()};
}

void check(Random& random, const ConvKernel& kernel, const ConvShape& s, const ConvConfig& config,
           Input input) {
  SCOPED_TRACE(testing::Message() << kernel.info.name << " " << test::describe(s)
                                  << " pixels=" << config.pixels << " oc_blocks=" << config.oc_blocks
                                  << " ic_blocks=" << config.ic_blocks << " rows=" << config.rows
                                  << " oc_inner=" << config.oc_inner);
  const ConvData d = test::random_data(random, s);
  const bool in_place = random.coin();
  const std::vector<float> got = run(kernel, s, config, d, input, in_place, 1);
  const std::ptrdiff_t plane = s.out_h * s.out_w;
  test::expect_conv("conv", s, d, test::unblock(got, s.batch, s.out_channels, plane));
  const std::vector<float> threaded = run(kernel, s, config, d, input, in_place, 3);
  EXPECT_EQ(std::memcmp(got.data(), threaded.data(), got.size() * sizeof(float)), 0)
      << "the result depends on the number of threads";
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

class ConvKernels : public testing::TestWithParam<const ConvKernel*> {
 protected:
  void SetUp() override {
    if (!isa_supported(GetParam()->info.isa))
      GTEST_SKIP() << "this machine has no " << isa_name(GetParam()->info.isa);
  }
};

TEST_P(ConvKernels, RandomShapesAndConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    check(random, *GetParam(), s, random_config(random, *GetParam(), s), Input::blocked);
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
    check(random, *GetParam(), s, random_config(random, *GetParam(), s), Input::blocked);
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
    check(random, *GetParam(), s, random_config(random, *GetParam(), s), Input::blocked);
  }
}

TEST_P(ConvKernels, PlanarInput) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 7, 40);
    s.in_channels = random.integer(1, 5);
    s.out_channels = random.integer(1, 90);
    check(random, *GetParam(), s, random_config(random, *GetParam(), s), Input::planar);
  }
}

TEST_P(ConvKernels, OfferedConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 30);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    const ConvConfigs blocked = conv_configs(*GetParam(), s);
    ASSERT_GE(blocked.count, 1);
    for (int c = 0; c < blocked.count; ++c) check(random, *GetParam(), s, blocked.configs[c], Input::blocked);
    const ConvConfigs planar = conv_planar_configs(*GetParam(), s);
    ASSERT_GE(planar.count, 1);
    for (int c = 0; c < planar.count; ++c) check(random, *GetParam(), s, planar.configs[c], Input::planar);
  }
}

std::vector<const ConvKernel*> all_kernels() {
  std::vector<const ConvKernel*> all;
  for (const ConvKernel& kernel : conv_kernels()) all.push_back(&kernel);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, ConvKernels, testing::ValuesIn(all_kernels()),
                         [](const auto& param) { return std::string(param.param->info.name); });

TEST(SelectConv, ObeysTheLevel) {
  for (const ConvKernel& kernel : conv_kernels()) {
    if (isa_supported(kernel.info.isa)) {
      EXPECT_EQ(select_conv(kernel.info.isa), &kernel);
    }
  }
}

TEST(SelectConv, RefusesGroupsThatCutBlocks) {
  ConvShape s;
  s.in_channels = 24;
  s.out_channels = 32;
  EXPECT_EQ(conv_refusal(s), nullptr);
  s.groups = 2;
  EXPECT_STREQ(conv_refusal(s), "channels per group are not multiples of 16");
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
