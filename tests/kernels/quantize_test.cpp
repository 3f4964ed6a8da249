// Every quantize kernel this machine runs against the formula, one element at a time.
#include "backends/cpu/kernels/quantize/quantize.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class QuantizeKernels : public test::KernelTest<QuantizeKernel> {};

std::uint8_t expected_code(float x, float scale, float zero) {
  if (std::isnan(x)) return 0;
  const double rounded = static_cast<double>(std::nearbyint(x / scale)) + static_cast<double>(zero);
  return static_cast<std::uint8_t>(std::clamp(rounded, 0.0, 255.0));
}

void check_quantize(const QuantizeKernel& kernel, const std::vector<float>& x, float scale, float zero) {
  std::vector<std::uint8_t> y(x.size() + 8, 77);
  QuantizeArgs args{x.data(), y.data(), static_cast<std::ptrdiff_t>(x.size()), scale, zero};
  quantize_run(kernel, args, test::pool_of(3));
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(y[i], expected_code(x[i], scale, zero)) << x[i] << " / " << scale << " + " << zero;
  }
  for (std::size_t i = x.size(); i < y.size(); ++i) ASSERT_EQ(y[i], 77) << "wrote beyond the end";
}

TEST_P(QuantizeKernels, RandomLengths) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    std::vector<float> x(static_cast<std::size_t>(random.integer(1, i % 10 == 0 ? 60000 : 200)));
    for (float& value : x) value = random.real(-3.0F, 3.0F);
    check_quantize(kernel(), x, random.real(0.005F, 0.03F), static_cast<float>(random.integer(0, 255)));
  }
}

TEST_P(QuantizeKernels, TiesSaturationAndWhatIsNoNumber) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{0.5F,  1.5F,   2.5F, -0.5F, -1.5F, 254.5F, 255.5F,
                             1e30F, -1e30F, kInf, -kInf, NAN,   0.0F};
  for (const float zero : {0.0F, 1.0F, 128.0F, 255.0F}) check_quantize(kernel(), x, 1.0F, zero);
}

TENON_FOR_EACH_KERNEL(QuantizeKernels, quantize_kernels());

TEST(SelectQuantize, ObeysTheLevel) { test::expect_selection_by_level(quantize_kernels(), select_quantize); }

}  // namespace
}  // namespace tenon::cpu
