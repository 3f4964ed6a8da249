// Every softmax kernel this machine runs against double precision.
#include "backends/cpu/kernels/softmax/softmax.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class SoftmaxKernels : public test::KernelTest<SoftmaxKernel> {};

void check_softmax(const SoftmaxKernel& kernel, SoftmaxArgs args, const std::vector<float>& x) {
  SCOPED_TRACE(testing::Message() << args.outer << " x " << args.axis << " x " << args.inner << " log "
                                  << args.log);
  const std::size_t n = x.size();
  test::GuardedBuffer out(n);
  args.src = x.data();
  args.dst = out.data();
  softmax_run(kernel, args, test::pool_of(1));
  ASSERT_TRUE(out.intact());
  for (std::ptrdiff_t o = 0; o < args.outer; ++o) {
    for (std::ptrdiff_t i = 0; i < args.inner; ++i) {
      const auto at = [&](std::ptrdiff_t a) {
        return static_cast<std::size_t>((o * args.axis + a) * args.inner + i);
      };
      double top = -std::numeric_limits<double>::infinity();
      for (std::ptrdiff_t a = 0; a < args.axis; ++a) top = std::max<double>(top, x[at(a)]);
      double sum = 0;
      for (std::ptrdiff_t a = 0; a < args.axis; ++a) sum += std::exp(x[at(a)] - top);
      for (std::ptrdiff_t a = 0; a < args.axis; ++a) {
        const double d = x[at(a)] - top;
        const double exact = args.log ? d - std::log(sum) : std::exp(d) / sum;
        const double magnitude = args.log ? std::abs(d) + std::abs(std::log(sum)) + 1 : exact;
        const double terms = static_cast<double>(args.axis) - d;
        ASSERT_NEAR(out.data()[at(a)], exact, test::error_bound("softmax", terms, magnitude))
            << "at " << at(a);
      }
    }
  }
  std::vector<float> in_place = x;
  args.src = args.dst = in_place.data();
  softmax_run(kernel, args, test::pool_of(3));
  ASSERT_EQ(std::memcmp(in_place.data(), out.data(), n * sizeof(float)), 0)
      << "in place, or with other threads";
}

TEST_P(SoftmaxKernels, RandomShapes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    SoftmaxArgs args;
    args.outer = random.integer(1, 9);
    const bool is_short = i % 3 == 0;
    if (is_short) args.outer = random.integer(1, 300);
    args.axis = random.integer(1, i % 10 == 1 ? 9000 : is_short ? 20 : 150);
    args.inner = random.coin() ? 1 : random.integer(2, 200);
    args.log = random.coin();
    std::vector<float> x(static_cast<std::size_t>(args.outer * args.axis * args.inner));
    for (float& v : x) v = random.real(-20.0F, 20.0F);
    check_softmax(kernel(), args, x);
  }
}

// Down to the least normal number as exact as others, and nothing below it.
TEST_P(SoftmaxKernels, SharesThatHardlyCount) {
  constexpr float kStep = 0.25F;
  constexpr std::ptrdiff_t kElements = 480;
  std::vector<float> x(kElements);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) * -kStep;
  std::vector<float> y(x.size());
  SoftmaxArgs args;
  args.outer = args.inner = 1;
  args.axis = kElements;
  args.src = x.data();
  args.dst = y.data();
  softmax_run(kernel(), args, test::pool_of(1));
  double sum = 0;
  for (const float value : x) sum += std::exp(static_cast<double>(value));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i])) / sum;
    if (x[i] >= -85) {
      EXPECT_NEAR(y[i], exact, 1e-6 * exact) << x[i];
    } else {
      EXPECT_LE(y[i], 1e-36F) << x[i];
    }
    if (x[i] < -88) {
      EXPECT_EQ(y[i], 0.0F) << x[i];
    }
  }
}

TEST_P(SoftmaxKernels, InfinitiesAndNan) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const std::ptrdiff_t inner : {1, 3}) {
    const auto run = [&](float special, float other) {
      std::vector<float> x(static_cast<std::size_t>(37 * inner), other);
      x[static_cast<std::size_t>(20 * inner)] = special;
      SoftmaxArgs args;
      args.src = args.dst = x.data();
      args.axis = 37;
      args.inner = inner;
      softmax_run(kernel(), args, test::pool_of(1));
      return x;
    };
    EXPECT_EQ(run(-kInf, 0.0F)[static_cast<std::size_t>(20 * inner)], 0.0F);
    EXPECT_NEAR(run(-kInf, 0.0F)[0], 1.0 / 36, test::error_bound("softmax", 36, 1.0 / 36));
    EXPECT_TRUE(std::isnan(run(NAN, 0.0F)[0]));
    EXPECT_TRUE(std::isnan(run(-kInf, -kInf)[0]));
    EXPECT_FALSE(std::isnan(run(3.4e38F, -3.4e38F)[0]));
  }
}

TENON_FOR_EACH_KERNEL(SoftmaxKernels, softmax_kernels());

TEST(SelectSoftmax, ObeysTheLevel) { test::expect_selection_by_level(softmax_kernels(), select_softmax); }

}  // namespace
}  // namespace tenon::cpu
