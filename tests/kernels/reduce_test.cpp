// Every reduce kernel this machine runs against double precision.
#include "backends/cpu/kernels/reduce/reduce.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class ReduceKernels : public test::KernelTest<ReduceKernel> {};

struct Reduced {
  double exact;
  double bound;
};

Reduced reduce_exactly(ReduceFn fn, const std::vector<float>& x) {
  const double n = static_cast<double>(x.size());
  double sum = 0, absolute = 0, square = 0, product = 1;
  double top = -std::numeric_limits<double>::infinity(), bottom = -top;
  for (const float v : x) {
    sum += v;
    absolute += std::abs(v);
    square += static_cast<double>(v) * v;
    product *= v;
    top = std::max<double>(top, v);
    bottom = std::min<double>(bottom, v);
  }
  double powers = 0;
  for (const float v : x) powers += std::exp(v - top);
  const auto bound = [&](double magnitude) { return test::error_bound("reduce", n, magnitude); };
  switch (fn) {
    case ReduceFn::sum: return {sum, bound(absolute)};
    case ReduceFn::mean: return {sum / n, bound(absolute / n)};
    case ReduceFn::max: return {top, 0};
    case ReduceFn::min: return {bottom, 0};
    case ReduceFn::prod: return {product, bound(std::abs(product)) + std::numeric_limits<float>::min()};
    case ReduceFn::l1: return {absolute, bound(absolute)};
    case ReduceFn::l2: return {std::sqrt(square), bound(std::sqrt(square))};
    case ReduceFn::sum_square: return {square, bound(square)};
    case ReduceFn::log_sum: return {std::log(sum), bound(1 + std::abs(std::log(sum)))};
    case ReduceFn::log_sum_exp: return {std::log(powers) + top, bound(1 + std::log(powers) + std::abs(top))};
  }
  return {};
}

template <class Args>
std::vector<float> column_of(const Args& args, const std::vector<float>& x, std::ptrdiff_t o,
                             std::ptrdiff_t i) {
  std::vector<float> column;
  for (std::ptrdiff_t a = 0; a < args.axis; ++a) {
    column.push_back(x[static_cast<std::size_t>((o * args.axis + a) * args.inner + i)]);
  }
  return column;
}

template <class Args>
void random_shape(test::Random& random, int round, Args* args) {
  args->outer = random.integer(1, 7);
  args->axis = random.integer(1, round % 9 == 0 ? 9000 : 300);
  args->inner = round % 9 == 0 || random.coin() ? 1 : random.integer(2, 150);
}

TEST_P(ReduceKernels, RandomShapes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 100 && !HasFatalFailure(); ++round) {
    ReduceArgs args;
    random_shape(random, round, &args);
    args.fn = static_cast<ReduceFn>(round % kReduceFunctions);
    std::vector<float> x(static_cast<std::size_t>(args.outer * args.axis * args.inner));
    // Products stay near 1, logarithms of sums exist.
    const bool near_one = args.fn == ReduceFn::prod;
    for (float& v : x) {
      v = near_one                       ? random.real(0.98F, 1.02F)
          : args.fn == ReduceFn::log_sum ? random.real(0.1F, 1.0F)
                                         : random.real(-3, 3);
    }
    SCOPED_TRACE(testing::Message() << "fn " << static_cast<int>(args.fn) << " " << args.outer << " x "
                                    << args.axis << " x " << args.inner);
    const auto n = static_cast<std::size_t>(args.outer * args.inner);
    test::GuardedBuffer out(n);
    args.src = x.data();
    args.dst = out.data();
    reduce_run(kernel(), args, test::pool_of(1));
    ASSERT_TRUE(out.intact());
    for (std::ptrdiff_t e = 0; e < args.outer * args.inner; ++e) {
      const Reduced answer = reduce_exactly(args.fn, column_of(args, x, e / args.inner, e % args.inner));
      ASSERT_NEAR(out.data()[e], answer.exact, answer.bound) << "at " << e;
    }
    std::vector<float> threaded(n);
    args.dst = threaded.data();
    reduce_run(kernel(), args, test::pool_of(3));
    ASSERT_EQ(std::memcmp(threaded.data(), out.data(), n * sizeof(float)), 0)
        << "depends on the number of threads";
  }
}

TEST_P(ReduceKernels, SpecialValues) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const auto run = [&](ReduceFn fn, const std::vector<float>& x, std::ptrdiff_t inner) {
    std::vector<float> out(static_cast<std::size_t>(inner));
    ReduceArgs args;
    args.fn = fn;
    args.src = x.data();
    args.dst = out.data();
    args.axis = static_cast<std::ptrdiff_t>(x.size()) / inner;
    args.inner = inner;
    reduce_run(kernel(), args, test::pool_of(1));
    return out[0];
  };
  for (const std::ptrdiff_t inner : {1, 2}) {
    for (const std::size_t at : {0, 8, 120, 198}) {
      std::vector<float> x(200, 1.0F);
      x[at] = NAN;
      EXPECT_TRUE(std::isnan(run(ReduceFn::max, x, inner))) << at;
      EXPECT_TRUE(std::isnan(run(ReduceFn::min, x, inner))) << at;
    }
    const std::vector<float> infinite(40, -kInf);
    EXPECT_EQ(run(ReduceFn::log_sum_exp, infinite, inner), -kInf);
    EXPECT_EQ(run(ReduceFn::sum, {}, inner), 0.0F);
    EXPECT_EQ(run(ReduceFn::prod, {}, inner), 1.0F);
    EXPECT_EQ(run(ReduceFn::max, {}, inner), -kInf);
  }
}

std::int64_t arg_exactly(const ArgReduceArgs& args, const std::vector<float>& x) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    const bool nan = std::isnan(x[i]);
    const bool best_nan = std::isnan(x[best]);
    const bool wins = nan ? !best_nan : !best_nan && (args.smallest ? x[i] < x[best] : x[i] > x[best]);
    const bool ties = nan ? best_nan : !best_nan && x[i] == x[best];
    if (wins || (ties && args.last)) best = i;
  }
  return static_cast<std::int64_t>(best);
}

TEST_P(ReduceKernels, ArgReductions) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 100 && !HasFatalFailure(); ++round) {
    ArgReduceArgs args;
    random_shape(random, round, &args);
    args.smallest = random.coin();
    args.last = random.coin();
    std::vector<float> x(static_cast<std::size_t>(args.outer * args.axis * args.inner));
    const bool with_nan = random.integer(0, 3) == 0;
    for (float& v : x)
      v = with_nan && random.integer(0, 20) == 0 ? NAN : static_cast<float>(random.integer(-9, 9));
    std::vector<std::int64_t> out(static_cast<std::size_t>(args.outer * args.inner));
    args.src = x.data();
    args.dst = out.data();
    arg_reduce_run(kernel(), args, test::pool_of(3));
    for (std::ptrdiff_t e = 0; e < args.outer * args.inner; ++e) {
      ASSERT_EQ(out[static_cast<std::size_t>(e)],
                arg_exactly(args, column_of(args, x, e / args.inner, e % args.inner)))
          << args.outer << " x " << args.axis << " x " << args.inner << " smallest " << args.smallest
          << " last " << args.last;
    }
  }
}

TENON_FOR_EACH_KERNEL(ReduceKernels, reduce_kernels());

TEST(SelectReduce, ObeysTheLevel) { test::expect_selection_by_level(reduce_kernels(), select_reduce); }

}  // namespace
}  // namespace tenon::cpu
