// Every convolution of bytes that this machine runs against its formula, with every config offered and some
// that are not.
#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_s8_support.hpp"

#include <algorithm>

namespace tenon::cpu {
namespace {

using test::Random;
using test::random_s8_case;
using test::S8Case;

using ConvS8Kernels = test::KernelTest<ConvS8Kernel>;

std::int32_t exact_sum(const S8Case& c, int n, int o, int y, int x) {
  const ConvShape& s = c.shape;
  std::uint32_t sum = c.bias.empty() ? 0 : static_cast<std::uint32_t>(c.bias[static_cast<std::size_t>(o)]);
  const int first = o / s.group_out() * s.group_in();
  const std::int8_t* w =
      c.weights.data() + static_cast<std::ptrdiff_t>(o) * s.group_in() * s.kernel_h * s.kernel_w;
  for (int i = 0; i < s.group_in(); ++i) {
    for (int h = 0; h < s.kernel_h; ++h) {
      for (int v = 0; v < s.kernel_w; ++v, ++w) {
        const int row = y * s.stride_h - s.pad_top + h * s.dilation_h;
        const int column = x * s.stride_w - s.pad_left + v * s.dilation_w;
        if (row < 0 || row >= s.in_h || column < 0 || column >= s.in_w) continue;
        const auto at =
            ((static_cast<std::ptrdiff_t>(n) * s.in_channels + first + i) * s.in_h + row) * s.in_w + column;
        const int value = test::byte_value(c.src[static_cast<std::size_t>(at)], c.src_signed) - c.src_zero;
        sum += static_cast<std::uint32_t>(value * *w);
      }
    }
  }
  return static_cast<std::int32_t>(sum);
}

std::vector<std::int32_t> packed_bias(const S8Case& c) {
  std::vector<std::int32_t> bias(conv_s8_packed_bias_size(c.shape));
  conv_s8_pack_bias(c.shape, c.weights.data(), c.bias.empty() ? nullptr : c.bias.data(), c.src_signed,
                    c.src_zero, bias.data());
  return bias;
}

// Runs a case and compares it with its sums.
template <class Scratch, class Run>
void check_case(const S8Case& c, const std::vector<std::int8_t>& weights, Random& random,
                const Scratch& scratch_size, const Run& run) {
  test::check_s8_case(
      c, weights, packed_bias(c), random,
      [&](int n, int o, int y, int x) { return exact_sum(c, n, o, y, x); }, scratch_size, run);
}

void check(const ConvS8Kernel& kernel, const S8Case& c, const ConvS8Config& config, Random& random) {
  SCOPED_TRACE(testing::Message() << "tiles of " << config.pixels << " x " << config.oc_blocks);
  std::vector<std::int8_t> weights(conv_s8_packed_size(c.shape));
  conv_s8_pack(c.shape, c.weights.data(), weights.data());
  const auto with_config = [&](ConvS8Args args) {
    args.config = config;
    return args;
  };
  check_case(
      c, weights, random,
      [&](const ConvS8Args& args, int threads) {
        return conv_s8_scratch_size(kernel, with_config(args), threads);
      },
      [&](const ConvS8Args& args, std::byte* scratch, ThreadPool& pool) {
        conv_s8_run(kernel, with_config(args), scratch, pool);
      });
}

void check_all(const ConvS8Kernel& kernel, Random& random, const ConvShape& shape, bool planar) {
  ASSERT_EQ(conv_s8_refusal(shape, planar), nullptr);
  const ConvS8Configs configs = conv_s8_configs(kernel, shape);
  ASSERT_GE(configs.count, 1);
  for (int i = 0; i < configs.count; ++i) {
    check(kernel, random_s8_case(random, shape, planar), configs.configs[i], random);
    if (testing::Test::HasFatalFailure()) return;
  }
  ConvS8Config small;
  small.pixels = random.integer(1, 5);
  small.oc_blocks = random.integer(1, 4);
  small.oc_inner = random.coin();
  check(kernel, random_s8_case(random, shape, planar), small, random);
}

TEST_P(ConvS8Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 25 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 18);
    s.in_channels = random.integer(1, 70);
    s.out_channels = random.integer(1, 90);
    check_all(kernel(), random, s, false);
    s.in_channels = random.integer(1, 4);
    if (!HasFatalFailure()) check_all(kernel(), random, s, random.coin());
  }
}

TEST_P(ConvS8Kernels, FlatImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 15 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.batch = random.integer(1, 2);
    s.in_h = s.out_h = random.integer(1, 13);
    s.in_w = s.out_w = random.integer(1, 13);
    s.in_channels = random.integer(1, 130);
    s.out_channels = random.integer(1, 130);
    check_all(kernel(), random, s, false);
  }
}

TEST_P(ConvS8Kernels, Groups) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 8 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 9);
    s.groups = 1 << random.integer(1, 3);
    s.in_channels = s.groups * random.integer(1, 20);
    s.out_channels = s.groups * random.integer(1, 20);
    if (conv_s8_refusal(s, false) == nullptr) check_all(kernel(), random, s, false);
  }
}

// More than a band's worth of input, so that several are copied.
TEST_P(ConvS8Kernels, LargeImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.in_channels = 200;
  s.out_channels = 17;
  s.in_h = 40;
  s.in_w = 41;
  s.kernel_h = 1;
  s.kernel_w = 2;
  s.pad_left = 1;
  s.stride_h = 2;
  s.out_h = 20;
  s.out_w = 41;
  check_all(kernel(), random, s, false);
}

TENON_FOR_EACH_KERNEL(ConvS8Kernels, conv_s8_kernels());

using DepthwiseS8Kernels = test::KernelTest<DepthwiseS8Kernel>;

void check_depthwise(const DepthwiseS8Kernel& kernel, Random& random, ConvShape s) {
  ASSERT_EQ(depthwise_s8_refusal(s), nullptr);
  const S8Case c = random_s8_case(random, s, false);
  std::vector<std::int8_t> weights(depthwise_s8_packed_size(s));
  depthwise_s8_pack(s, c.weights.data(), weights.data());
  check_case(
      c, weights, random,
      [&](const ConvS8Args& args, int threads) { return depthwise_s8_scratch_size(args.shape, threads); },
      [&](const ConvS8Args& args, std::byte* scratch, ThreadPool& pool) {
        depthwise_s8_run(kernel, args, scratch, pool);
      });
}

TEST_P(DepthwiseS8Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, i % 4 == 0 ? 7 : 3, 30);
    s.groups = s.in_channels = s.out_channels = random.integer(1, 40);
    check_depthwise(kernel(), random, s);
  }
}

// Those that have code of their own, with images of all sizes against that of a tile.
TEST_P(DepthwiseS8Kernels, CommonWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.groups = s.in_channels = s.out_channels = random.integer(1, 40);
    s.kernel_h = s.kernel_w = i % 2 == 0 ? 3 : 5;
    s.stride_h = s.stride_w = i / 2 % 2 == 0 ? 1 : 2;
    s.pad_top = random.integer(0, 2);
    s.pad_left = random.integer(0, 2);
    s.out_h = random.integer(1, 11);
    s.out_w = random.integer(1, 19);
    const auto input = [&](int outputs, int pad) {
      return std::max(1, (outputs - 1) * s.stride_h + s.kernel_h - pad - random.integer(0, 2));
    };
    s.in_h = input(s.out_h, s.pad_top);
    s.in_w = input(s.out_w, s.pad_left);
    check_depthwise(kernel(), random, s);
  }
}

TENON_FOR_EACH_KERNEL(DepthwiseS8Kernels, depthwise_s8_kernels());

using WinogradS8Kernels = test::KernelTest<WinogradS8Kernel>;

void check_winograd(const WinogradS8Kernel& kernel, const S8Case& c, Random& random) {
  ASSERT_EQ(winograd_s8_refusal(c.shape), nullptr);
  ASSERT_TRUE(winograd_s8_fits(c.shape, c.weights.data()));
  std::vector<std::int16_t> weights(winograd_s8_packed_size(c.shape));
  winograd_s8_pack(c.shape, c.weights.data(), weights.data());
  check_case(
      c, {}, random,
      [&](const ConvS8Args& args, int threads) { return winograd_s8_scratch_size(args.shape, threads); },
      [&](const ConvS8Args& args, std::byte* scratch, ThreadPool& pool) {
        winograd_s8_run(kernel, args, weights.data(), scratch, pool);
      });
}

ConvShape random_3x3(Random& random, int most) {
  ConvShape s;
  s.batch = random.integer(1, 2);
  s.kernel_h = s.kernel_w = 3;
  s.pad_top = random.integer(0, 3);
  s.pad_left = random.integer(0, 3);
  s.in_h = random.integer(1, most);
  s.in_w = random.integer(1, most);
  s.out_h = std::max(1, s.in_h + s.pad_top + random.integer(0, 3) - 2);
  s.out_w = std::max(1, s.in_w + s.pad_left + random.integer(0, 3) - 2);
  return s;
}

TEST_P(WinogradS8Kernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    ConvShape s = random_3x3(random, 18);
    s.in_channels = random.integer(1, 70);
    s.out_channels = random.integer(1, 90);
    check_winograd(kernel(), random_s8_case(random, s, false), random);
  }
}

// Several groups of tiles and slices of output channels, each thread with some.
TEST_P(WinogradS8Kernels, SeveralGroupsAndSlices) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s = random_3x3(random, 1);
  s.batch = 1;
  s.in_channels = 2;
  s.out_channels = 600;
  s.in_h = s.out_h = 37;
  s.in_w = s.out_w = 43;
  check_winograd(kernel(), random_s8_case(random, s, false), random);
}

// Inputs and weights that bring every transformed number and every sum to its bounds.
TEST_P(WinogradS8Kernels, Extremes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 12 && !HasFatalFailure(); ++i) {
    ConvShape s = random_3x3(random, 14);
    // 1026 weights of -128 times as many bytes of 255 are 2^25 - 65792 below zero.
    const bool one_sign = i % 2;
    s.in_channels = one_sign ? 114 : random.integer(1, 20);
    s.out_channels = 17;
    S8Case c = random_s8_case(random, s, false);
    for (auto& w : c.weights) w = (one_sign ? i % 4 == 1 : random.coin()) ? -128 : 127;
    for (auto& byte : c.src) byte = one_sign || random.coin() ? 255 : 0;
    check_winograd(kernel(), c, random);
  }
}

TENON_FOR_EACH_KERNEL(WinogradS8Kernels, winograd_s8_kernels());

TEST(WinogradS8, SaysWhichWeightsFit) {
  constexpr int kMost = 131586;  // 255 times it is just below 2^25
  ConvShape s;
  s.in_channels = 200;
  s.out_channels = 2;
  std::vector<std::int8_t> weights(2 * 1800);
  const auto set_sum = [&](int sum, int sign) {
    for (std::size_t i = 0; i < 1800; ++i) {
      const int w = std::min(sum, 127);
      weights[1800 + i] = static_cast<std::int8_t>(sign * w);
      sum -= w;
    }
    ASSERT_EQ(sum, 0);
  };
  for (const int sign : {1, -1}) {
    set_sum(kMost, sign);
    EXPECT_TRUE(winograd_s8_fits(s, weights.data()));
    set_sum(kMost + 1, sign);
    EXPECT_FALSE(winograd_s8_fits(s, weights.data()));
  }
}

TEST(SelectWinogradS8, ObeysTheLevel) {
  test::expect_selection_by_level(winograd_s8_kernels(), select_winograd_s8);
}

using MatrixS8Kernels = test::KernelTest<MatrixS8Kernel>;

void check_matrix(const MatrixS8Kernel& kernel, Random& random, const ConvShape& shape, bool planar) {
  ASSERT_EQ(conv_matrix_s8_refusal(shape, planar), nullptr);
  const ConvS8Configs configs = conv_matrix_s8_configs(shape);
  for (int i = 0; i < configs.count && !testing::Test::HasFatalFailure(); ++i) {
    const S8Case c = random_s8_case(random, shape, planar);
    std::vector<std::int8_t> weights(conv_matrix_s8_packed_size(shape));
    conv_matrix_s8_pack(shape, c.weights.data(), weights.data());
    check_case(
        c, weights, random,
        [&](const ConvS8Args& args, int threads) {
          return conv_matrix_s8_scratch_size(kernel, args, threads);
        },
        [&](ConvS8Args args, std::byte* scratch, ThreadPool& pool) {
          args.config = configs.configs[i];
          conv_matrix_s8_run(kernel, args, scratch, pool);
        });
  }
}

TEST_P(MatrixS8Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 18);
    s.in_channels = random.integer(1, 150);
    s.out_channels = random.integer(1, 90);
    check_matrix(kernel(), random, s, false);
    s.in_channels = random.integer(1, 4);
    if (!HasFatalFailure()) check_matrix(kernel(), random, s, random.coin());
  }
}

// First layers: pixels of few channels, which hold several rows where strides and taps allow it.
TEST_P(MatrixS8Kernels, FewChannels) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.batch = random.integer(1, 2);
    s.kernel_h = random.integer(2, 7);
    s.kernel_w = random.integer(1, 9);
    s.stride_h = random.integer(2, 4);
    s.stride_w = random.integer(1, 3);
    s.pad_top = random.integer(-1, s.kernel_h - 1);
    s.pad_left = random.integer(-1, s.kernel_w - 1);
    s.out_h = random.integer(1, 9);
    s.out_w = random.integer(1, 40);
    const auto inside = [&](int outputs, int stride, int kernel, int pad) {
      return std::max(1, (outputs - 1) * stride + kernel - pad - random.integer(0, 2));
    };
    s.in_h = inside(s.out_h, s.stride_h, s.kernel_h, s.pad_top);
    s.in_w = inside(s.out_w, s.stride_w, s.kernel_w, s.pad_left);
    s.in_channels = random.integer(1, 4);
    s.out_channels = random.integer(1, 40);
    check_matrix(kernel(), random, s, random.coin());
  }
}

TEST(MatrixS8Depth, ShrinksWhereAPixelHoldsSeveralRows) {
  ConvShape s;  // the first layer of ResNet
  s.in_channels = 3;
  s.in_h = s.in_w = 224;
  s.out_channels = 64;
  s.out_h = s.out_w = 112;
  s.kernel_h = s.kernel_w = 7;
  s.stride_h = s.stride_w = 2;
  s.pad_top = s.pad_left = 3;
  EXPECT_EQ(conv_matrix_s8_depth(s), 4 * 64);
  s.stride_h = 1;
  EXPECT_EQ(conv_matrix_s8_depth(s), 7 * 64);
}

TEST_P(MatrixS8Kernels, FlatImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.batch = random.integer(1, 3);
    s.stride_h = random.integer(1, 2);
    s.stride_w = random.integer(1, 2);
    s.out_h = random.integer(1, 13);
    s.out_w = random.integer(1, 13);
    s.in_h = s.out_h * s.stride_h + random.integer(0, 1);
    s.in_w = s.out_w * s.stride_w + random.integer(0, 1);
    s.pad_top = s.in_h > s.out_h * s.stride_h ? -1 : 0;
    s.in_channels = random.integer(1, 200);
    s.out_channels = random.integer(1, 130);
    check_matrix(kernel(), random, s, false);
  }
}

TEST_P(MatrixS8Kernels, Groups) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 8 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 9);
    s.groups = 1 << random.integer(1, 3);
    s.in_channels = s.groups * random.integer(1, 20);
    s.out_channels = s.groups * random.integer(1, 20);
    if (conv_matrix_s8_refusal(s, false) == nullptr) check_matrix(kernel(), random, s, false);
  }
}

// More than a band's worth of input.
TEST_P(MatrixS8Kernels, LargeImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.batch = 2;
  s.in_channels = 200;
  s.out_channels = 17;
  s.in_h = s.out_h = 60;
  s.in_w = s.out_w = 55;
  check_matrix(kernel(), random, s, false);
  s.kernel_h = 1;
  s.kernel_w = 2;
  s.pad_left = 1;
  s.stride_h = 2;
  s.out_h = 30;
  if (!HasFatalFailure()) check_matrix(kernel(), random, s, false);
}

TENON_FOR_EACH_KERNEL(MatrixS8Kernels, matrix_s8_kernels());

TEST(SelectMatrixS8, ObeysTheLevel) {
  test::expect_selection_by_level(matrix_s8_kernels(), select_matrix_s8);
}

TEST(SelectConvS8, ObeysTheLevel) { test::expect_selection_by_level(conv_s8_kernels(), select_conv_s8); }

TEST(SelectDepthwiseS8, ObeysTheLevel) {
  test::expect_selection_by_level(depthwise_s8_kernels(), select_depthwise_s8);
}

}  // namespace
}  // namespace tenon::cpu
