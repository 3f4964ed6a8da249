// Every resize kernel this machine runs, in both layouts, against double precision.
#include "backends/cpu/kernels/resize/resize.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

namespace tenon::cpu {
namespace {

class ResizeKernels : public test::KernelTest<ResizeKernel> {};

// A table with positions in any order: kernels take no rule for coordinates for granted.
struct Table {
  ResizeAxis axis;
  std::vector<std::int32_t> low, high;
  std::vector<float> low_weight, high_weight;

  Table(test::Random& random, int in, int out, bool ordered) {
    for (int i = 0; i < out; ++i) {
      const int at = ordered ? i * in / out : random.integer(0, in - 1);
      low.push_back(at);
      high.push_back(ordered ? std::min(at + 1, in - 1) : random.integer(0, in - 1));
      high_weight.push_back(random.real(0.0F, 1.0F));
      low_weight.push_back(1.0F - high_weight.back());
    }
    axis = {in, out, low.data(), high.data(), low_weight.data(), high_weight.data()};
  }
  Table(const Table&) = delete;
};

TEST_P(ResizeKernels, RandomTables) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 80 && !HasFatalFailure(); ++i) {
    const bool ordered = random.coin();
    const int wide = i % 10 == 0 ? 5000 : 40;
    const Table height(random, random.integer(1, 12), random.integer(1, 25), ordered);
    const Table width(random, random.integer(1, wide), random.integer(1, wide), ordered);
    ResizeArgs args;
    args.planes = random.integer(1, 4);
    args.blocked = random.coin();
    args.linear = random.coin();
    args.height = height.axis;
    args.width = width.axis;
    SCOPED_TRACE(testing::Message() << "blocked " << args.blocked << " linear " << args.linear << " ordered "
                                    << ordered << " " << args.height.in << "x" << args.width.in << " to "
                                    << args.height.out << "x" << args.width.out);
    const std::ptrdiff_t lanes = args.blocked ? kChannelBlock : 1;
    const std::vector<float> x =
        random.reals(static_cast<std::size_t>(args.planes * args.height.in * args.width.in * lanes));
    const auto size = static_cast<std::size_t>(args.planes * args.height.out * args.width.out * lanes);
    test::GuardedBuffer out(size);
    args.src = x.data();
    args.dst = out.data();
    resize_run(kernel(), args, test::pool_of(1));
    ASSERT_TRUE(out.intact());
    for (std::size_t e = 0; e < size; ++e) {
      const std::size_t lane = e % static_cast<std::size_t>(lanes);
      const std::size_t pixel = e / static_cast<std::size_t>(lanes);
      const std::size_t ox = pixel % static_cast<std::size_t>(args.width.out);
      const std::size_t oy =
          pixel / static_cast<std::size_t>(args.width.out) % static_cast<std::size_t>(args.height.out);
      const std::size_t plane = pixel / static_cast<std::size_t>(args.width.out * args.height.out);
      const auto at = [&](std::int32_t y, std::int32_t column) {
        const std::ptrdiff_t from =
            (static_cast<std::ptrdiff_t>(plane) * args.height.in + y) * args.width.in + column;
        return static_cast<double>(x[static_cast<std::size_t>(from * lanes) + lane]);
      };
      if (!args.linear) {
        ASSERT_EQ(out.data()[e], at(height.low[oy], width.low[ox])) << "element " << e;
        continue;
      }
      double exact = 0;
      double magnitude = 0;
      for (int corner = 0; corner < 4; ++corner) {
        const double weight =
            static_cast<double>(corner < 2 ? height.low_weight[oy] : height.high_weight[oy]) *
            (corner % 2 ? width.high_weight[ox] : width.low_weight[ox]);
        const double term = weight * at(corner < 2 ? height.low[oy] : height.high[oy],
                                        corner % 2 ? width.high[ox] : width.low[ox]);
        exact += term;
        magnitude += std::abs(term);
      }
      ASSERT_NEAR(out.data()[e], exact, test::error_bound("resize", 4, magnitude)) << "element " << e;
    }
    std::vector<float> threaded(size);
    args.dst = threaded.data();
    resize_run(kernel(), args, test::pool_of(3));
    ASSERT_EQ(std::memcmp(threaded.data(), out.data(), size * sizeof(float)), 0)
        << "depends on the number of threads";
  }
}

TENON_FOR_EACH_KERNEL(ResizeKernels, resize_kernels());

TEST(SelectResize, ObeysTheLevel) { test::expect_selection_by_level(resize_kernels(), select_resize); }

}  // namespace
}  // namespace tenon::cpu
