// Every norm kernel this machine runs against double precision.
#include "backends/cpu/kernels/norm/norm.hpp"

#include "kernels/s8_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace tenon::cpu {
namespace {

class NormKernels : public test::KernelTest<NormKernel> {};

struct ExactMoments {
  double mean;
  double inverse;
  double size;  // mean of |x|, which bounds the error of the mean
};

ExactMoments exact_moments(const float* x, std::ptrdiff_t n, bool center, double epsilon) {
  double mean = 0;
  double size = 0;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    mean += center ? x[i] : 0;
    size += std::abs(x[i]);
  }
  mean /= static_cast<double>(n);
  double square = 0;
  for (std::ptrdiff_t i = 0; i < n; ++i) square += (x[i] - mean) * (x[i] - mean);
  return {mean, 1 / std::sqrt(square / static_cast<double>(n) + epsilon), size / static_cast<double>(n)};
}

void expect_normalized(float got, double x, const ExactMoments& m, double scale, double bias,
                       std::ptrdiff_t terms) {
  const double exact = (x - m.mean) * m.inverse * scale + bias;
  const double magnitude = (std::abs(x) + m.size) * m.inverse * std::abs(scale) + std::abs(bias);
  ASSERT_NEAR(got, exact, test::error_bound("norm", static_cast<double>(terms), magnitude));
}

TEST_P(NormKernels, Rows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 40 && !HasFatalFailure(); ++round) {
    RowNormArgs args;
    args.rows = random.integer(1, 12);
    args.size = random.integer(1, round % 8 == 0 ? 10000 : 300);
    args.center = random.coin();
    args.epsilon = 1e-5F;
    const auto n = static_cast<std::size_t>(args.rows * args.size);
    std::vector<float> x = random.reals(n);
    for (float& v : x) v += 3.0F;
    const std::vector<float> scale = random.reals(static_cast<std::size_t>(args.size));
    const std::vector<float> bias = random.reals(static_cast<std::size_t>(args.size));
    if (random.coin()) args.scale = scale.data();
    if (random.coin()) args.bias = bias.data();
    test::GuardedBuffer out(n);
    args.src = x.data();
    args.dst = out.data();
    row_norm_run(kernel(), args, test::pool_of(1));
    ASSERT_TRUE(out.intact());
    const auto size = static_cast<std::size_t>(args.size);
    for (std::size_t row = 0; row < n; row += size) {
      const ExactMoments m = exact_moments(x.data() + row, args.size, args.center, args.epsilon);
      for (std::size_t i = 0; i < size; ++i) {
        expect_normalized(out.data()[row + i], x[row + i], m, args.scale ? scale[i] : 1,
                          args.bias ? bias[i] : 0, args.size);
      }
    }
    args.src = args.dst = x.data();
    row_norm_run(kernel(), args, test::pool_of(3));
    ASSERT_EQ(std::memcmp(x.data(), out.data(), n * sizeof(float)), 0) << "in place, or with other threads";
  }
}

// The same floats, whether they are stored or not, with the range of each row, and rounded.
TEST_P(NormKernels, RoundedRows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 40; ++round) {
    RowNormArgs args;
    args.rows = random.integer(1, 12);
    args.size = random.integer(1, 300);
    args.center = random.coin();
    args.epsilon = 1e-5F;
    args.bytes_scale = random.real(0.003F, 0.05F);
    args.bytes_signed = random.coin();
    args.bytes_zero = static_cast<float>(random.integer(0, 255) - (args.bytes_signed ? 128 : 0));
    const auto n = static_cast<std::size_t>(args.rows * args.size);
    const auto size = static_cast<std::size_t>(args.size);
    const std::vector<float> x = random.reals(n), scale = random.reals(size), bias = random.reals(size);
    if (random.coin()) args.scale = scale.data();
    if (random.coin()) args.bias = bias.data();
    args.src = x.data();
    std::vector<float> expected(n);
    args.dst = expected.data();
    row_norm_run(kernel(), args, test::pool_of(1));

    test::GuardedBuffer floats(n);
    test::GuardedBytes bytes(n);
    std::vector<Extremes> ranges(static_cast<std::size_t>(args.rows));
    const bool rounds = round % 4 != 0, ranged = round % 3 != 0 || !rounds;
    args.dst = rounds && random.coin() ? nullptr : floats.data();
    args.bytes = rounds ? bytes.data() : nullptr;
    args.ranges = ranged ? ranges.data() : nullptr;
    row_norm_run(kernel(), args, test::pool_of(3));
    ASSERT_TRUE(floats.intact() && bytes.intact());
    for (std::size_t i = 0; i < n; ++i) {
      if (args.dst != nullptr) {
        ASSERT_EQ(floats.data()[i], expected[i]);
      }
      if (!rounds) continue;
      const float code = std::nearbyint(expected[i] / args.bytes_scale) + args.bytes_zero;
      const float low = args.bytes_signed ? -128 : 0;
      ASSERT_EQ(test::byte_value(bytes.at<std::uint8_t>(i), args.bytes_signed),
                static_cast<int>(std::clamp(code, low, low + 255)));
    }
    for (std::size_t row = 0; ranged && row < ranges.size(); ++row) {
      const auto first = expected.begin() + static_cast<std::ptrdiff_t>(row * size);
      const auto [low, high] = std::minmax_element(first, first + args.size);
      ASSERT_EQ(ranges[row].low, std::min(*low, 0.0F));
      ASSERT_EQ(ranges[row].high, std::max(*high, 0.0F));
    }
  }
}

TEST_P(NormKernels, Groups) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 30 && !HasFatalFailure(); ++round) {
    GroupNormArgs args;
    args.batch = random.integer(1, 3);
    args.groups = random.integer(1, 5);
    args.channels = random.integer(1, 4);
    args.spatial = random.integer(1, 200);
    args.epsilon = 1e-3F;
    const std::ptrdiff_t size = args.channels * args.spatial;
    const auto n = static_cast<std::size_t>(args.batch * args.groups * size);
    const std::vector<float> x = random.reals(n);
    const std::vector<float> scale = random.reals(static_cast<std::size_t>(args.groups * args.channels));
    const std::vector<float> bias = random.reals(scale.size());
    if (random.coin()) args.scale = scale.data();
    if (random.coin()) args.bias = bias.data();
    test::GuardedBuffer out(n);
    args.src = x.data();
    args.dst = out.data();
    group_norm_run(kernel(), args, test::pool_of(2));
    ASSERT_TRUE(out.intact());
    for (std::ptrdiff_t group = 0; group < args.batch * args.groups; ++group) {
      const ExactMoments m = exact_moments(x.data() + group * size, size, true, args.epsilon);
      for (std::ptrdiff_t i = 0; i < size; ++i) {
        const auto e = static_cast<std::size_t>(group * size + i);
        const std::size_t channel = e / static_cast<std::size_t>(args.spatial) % scale.size();
        expect_normalized(out.data()[e], x[e], m, args.scale ? scale[channel] : 1,
                          args.bias ? bias[channel] : 0, size);
      }
    }
  }
}

TEST_P(NormKernels, AffineInBothLayouts) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 40 && !HasFatalFailure(); ++round) {
    AffineArgs args;
    args.batch = random.integer(1, 3);
    args.channels = random.integer(1, 50);
    args.spatial = random.integer(1, 90);
    args.blocked = random.coin();
    const std::ptrdiff_t blocks = channel_blocks(args.channels);
    const std::ptrdiff_t stored = args.blocked ? blocks * kChannelBlock : args.channels;
    const auto n = static_cast<std::size_t>(args.batch * stored * args.spatial);
    const auto at = [&](std::ptrdiff_t b, std::ptrdiff_t c, std::ptrdiff_t p) {
      return static_cast<std::size_t>(
          args.blocked
              ? ((b * blocks + c / kChannelBlock) * args.spatial + p) * kChannelBlock + c % kChannelBlock
              : (b * args.channels + c) * args.spatial + p);
    };
    std::vector<float> x(n, 0.0F);
    const std::vector<float> scale = random.reals(static_cast<std::size_t>(args.channels));
    const std::vector<float> shift = random.reals(scale.size());
    for (std::ptrdiff_t b = 0; b < args.batch; ++b) {
      for (std::ptrdiff_t c = 0; c < args.channels; ++c) {
        for (std::ptrdiff_t p = 0; p < args.spatial; ++p) x[at(b, c, p)] = random.real();
      }
    }
    test::GuardedBuffer out(n);
    args.src = x.data();
    args.dst = out.data();
    args.scale = scale.data();
    args.shift = shift.data();
    affine_run(kernel(), args, test::pool_of(2));
    ASSERT_TRUE(out.intact());
    for (std::ptrdiff_t b = 0; b < args.batch; ++b) {
      for (std::ptrdiff_t c = 0; c < stored; ++c) {
        for (std::ptrdiff_t p = 0; p < args.spatial; ++p) {
          const float got = out.data()[at(b, c, p)];
          if (c >= args.channels) {
            ASSERT_EQ(got, 0.0F) << "padding lane of channel " << c;
            continue;
          }
          const ExactMoments plain{0, 1, 0};
          const auto channel = static_cast<std::size_t>(c);
          expect_normalized(got, x[at(b, c, p)], plain, scale[channel], shift[channel], 1);
        }
      }
    }
  }
}

TENON_FOR_EACH_KERNEL(NormKernels, norm_kernels());

TEST(SelectNorm, ObeysTheLevel) { test::expect_selection_by_level(norm_kernels(), select_norm); }

}  // namespace
}  // namespace tenon::cpu
