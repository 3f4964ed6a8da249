// The error of every routine of the pointwise kernels, in units in the last place, against double precision.
#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "kernels/pointwise_oracle.hpp"
#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace tenon::cpu {
namespace {

enum class Measure { result, product, operand };

struct Accuracy {
  double ulp = 0.5;
  Measure measure = Measure::result;
};

Accuracy accuracy_of(PointwiseFn wanted) {
#define TENON_POINTWISE_ACCURACY(fn, ulp, measure) \
  if (wanted == PointwiseFn::fn) return {ulp, Measure::measure};
#include "backends/cpu/kernels/pointwise/accuracy.inc"
#undef TENON_POINTWISE_ACCURACY
  return {};
}

struct Defaults {
  float alpha;
  float beta;
};

Defaults defaults_of(PointwiseFn fn) {
  constexpr Defaults kDefaults[] = {
#define TENON_POINTWISE(name, arity, alpha, beta, result) {alpha, beta},
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
  };
  return kDefaults[static_cast<std::size_t>(fn)];
}

// The distance between a float and its neighbour at x; denormals share the smallest one.
double ulp_at(double x) {
  const int exponent = std::max(std::ilogb(x), std::numeric_limits<float>::min_exponent - 1);
  return x == 0 ? std::numeric_limits<float>::denorm_min() : std::ldexp(1.0, exponent - 23);
}

std::vector<float> specials() {
  using Limits = std::numeric_limits<float>;
  std::vector<float> values;
  for (const float x : {0.0F,          0.25F,
                        0.5F,          1.0F,
                        1.5F,          2.0F,
                        2.5F,          3.0F,
                        88.0F,         88.7228F,
                        88.73F,        89.4F,
                        90.0F,         103.9F,
                        104.1F,        1e6F,
                        8388607.5F,    8388608.0F,
                        16777215.0F,   16777216.0F,
                        1e20F,         3e38F,
                        Limits::max(), Limits::infinity(),
                        Limits::min(), Limits::denorm_min(),
                        1e-40F,        1e-20F,
                        1e-6F,         0.99999994F,
                        1.00000012F,   Limits::quiet_NaN()}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

// A third any finite or special float, a third of moderate size, a third near 1.
float draw(test::Random& random) {
  switch (random.integer(0, 2)) {
    case 0: return std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(INT32_MIN, INT32_MAX)));
    case 1: return random.real(-100.0F, 100.0F);
    default: return random.real(-1.5F, 1.5F);
  }
}

struct Inputs {
  std::vector<float> x;
  std::vector<float> y;
  std::vector<float> z;
};

Inputs make_inputs(test::Random& random, int arity) {
  const std::vector<float> special = specials();
  Inputs in;
  if (arity == 1) in.x = special;
  if (arity >= 2) {
    for (const float x : special) {
      for (const float y : special) {
        in.x.push_back(x);
        in.y.push_back(y);
      }
    }
  }
  for (int i = 0; i < 30000; ++i) {
    in.x.push_back(draw(random));
    if (arity >= 2) in.y.push_back(draw(random));
  }
  in.y.resize(in.x.size());
  for (std::size_t i = 0; i < in.x.size(); ++i) in.z.push_back(draw(random));
  return in;
}

void expect_close(PointwiseFn fn, double exact, float got, double operand, const std::string& what,
                  double* worst) {
  const Accuracy accuracy = accuracy_of(fn);
  if (std::isnan(exact)) {
    ASSERT_TRUE(std::isnan(got)) << what;
    return;
  }
  const float rounded = static_cast<float>(exact);
  if (rounded == got) return;
  ASSERT_FALSE(std::isnan(got)) << what;
  // Next to the largest float an error of an ulp may be the step to infinity.
  const double largest = std::numeric_limits<float>::max();
  const double top = std::ldexp(1.0, 128);
  const double a = std::isinf(exact) || std::abs(exact) > largest
                       ? std::copysign(std::min(std::abs(exact), top), exact)
                       : exact;
  const double b = std::isinf(got) ? std::copysign(top, got) : got;
  const double scale = accuracy.measure == Measure::operand && std::isfinite(operand)
                           ? std::max(std::abs(exact), std::abs(operand))
                           : std::abs(exact);
  const double slack =
      accuracy.measure == Measure::product ? std::abs(operand) * std::numeric_limits<float>::denorm_min() : 0;
  const double error = std::max(0.0, std::abs(a - b) - slack) / ulp_at(std::min(scale, largest));
  *worst = std::max(*worst, error);
  ASSERT_LE(error, accuracy.ulp) << what << ": exact " << exact << ", got " << got;
}

using Param = std::tuple<const PointwiseKernel*, int>;

class PointwiseAccuracy : public testing::TestWithParam<Param> {};

TEST_P(PointwiseAccuracy, IsWhatTheTableStates) {
  const PointwiseKernel& kernel = *std::get<0>(GetParam());
  if (!isa_supported(kernel.info.isa)) GTEST_SKIP() << "this machine has no " << isa_name(kernel.info.isa);
  const auto fn = static_cast<PointwiseFn>(std::get<1>(GetParam()));
  const PointwiseRoutine routine = kernel.routines().call[static_cast<std::size_t>(fn)][0];
  if (!routine) GTEST_SKIP() << "no float form";

  test::Random random;
  SCOPED_TRACE(random.trace());
  const int arity = test::pointwise_arity(fn);
  const Defaults p = defaults_of(fn);
  const Inputs in = make_inputs(random, arity);
  const std::size_t n = in.x.size();
  test::GuardedBuffer out(n);
  routine(out.data(), in.x.data(), in.y.data(), in.z.data(), static_cast<std::ptrdiff_t>(n), p.alpha, p.beta);
  EXPECT_TRUE(out.intact());
  double worst = 0;
  for (std::size_t i = 0; i < n && !HasFatalFailure(); ++i) {
    const double exact = test::pointwise_exact(fn, in.x[i], in.y[i], in.z[i], p.alpha, p.beta);
    expect_close(fn, exact, out.data()[i], in.x[i],
                 std::string(test::pointwise_name(fn)) + "(" + std::to_string(in.x[i]) + ", " +
                     std::to_string(in.y[i]) + ")",
                 &worst);
  }
  RecordProperty("worst_ulp", std::to_string(worst));

  // An operand that is one value for all gives the same bits as a vector of it.
  for (int mask = 1; mask < 8; ++mask) {
    const PointwiseRoutine uniform = kernel.routines().call[static_cast<std::size_t>(fn)][mask];
    if (!uniform) continue;
    for (std::size_t at = 0; at < 300; at += 37) {
      const std::vector<float> x(39, in.x[at]), y(39, in.y[at]), z(39, in.z[at]);
      const auto pick = [&](int operand, const std::vector<float>& same, const std::vector<float>& all) {
        return (mask >> operand & 1) != 0 ? same.data() : all.data();
      };
      const float* const a = (mask & 1) != 0 ? x.data() : in.x.data();
      const float* const b = (mask & 2) != 0 ? y.data() : in.y.data();
      const float* const c = (mask & 4) != 0 ? z.data() : in.z.data();
      std::vector<float> first(39), second(39);
      uniform(first.data(), a, b, c, 39, p.alpha, p.beta);
      routine(second.data(), pick(0, x, in.x), pick(1, y, in.y), pick(2, z, in.z), 39, p.alpha, p.beta);
      for (std::size_t i = 0; i < first.size(); ++i) {
        if (std::isnan(second[i]) && std::isnan(first[i])) continue;
        ASSERT_EQ(first[i], second[i]) << "mask " << mask;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PointwiseAccuracy,
                         testing::Combine(testing::ValuesIn(test::pointers(pointwise_kernels())),
                                          testing::Range(0, kPointwiseFunctions)),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param)->info.name) + "_" +
                                  test::pointwise_name(static_cast<PointwiseFn>(std::get<1>(param.param)));
                         });

}  // namespace
}  // namespace tenon::cpu
