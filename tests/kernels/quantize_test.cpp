// Every quantize kernel this machine runs against the formulas, one element at a time.
#include "backends/cpu/kernels/quantize/quantize.hpp"

#include "kernels/s8_support.hpp"
#include "ops/requantize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class QuantizeKernels : public test::KernelTest<QuantizeKernel> {};

std::uint8_t expected_code(float x, float scale, float zero, bool is_signed) {
  if (std::isnan(x)) return 0;
  const double rounded = static_cast<double>(std::nearbyint(x / scale)) + static_cast<double>(zero);
  const double low = is_signed ? -128 : 0;
  return static_cast<std::uint8_t>(static_cast<int>(std::clamp(rounded, low, low + 255)));
}

void check_quantize(const QuantizeKernel& kernel, const std::vector<float>& x, float scale, float zero,
                    bool is_signed = false) {
  std::vector<std::uint8_t> y(x.size() + 8, 77);
  QuantizeArgs args{x.data(), y.data(), static_cast<std::ptrdiff_t>(x.size()), scale, zero, is_signed};
  quantize_run(kernel, args, test::pool_of(3));
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(y[i], expected_code(x[i], scale, zero, is_signed)) << x[i] << " / " << scale << " + " << zero;
  }
  for (std::size_t i = x.size(); i < y.size(); ++i) ASSERT_EQ(y[i], 77) << "wrote beyond the end";
}

TEST_P(QuantizeKernels, RandomLengths) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    std::vector<float> x(static_cast<std::size_t>(random.integer(1, i % 10 == 0 ? 60000 : 200)));
    for (float& value : x) value = random.real(-3.0F, 3.0F);
    const bool is_signed = random.coin();
    const int zero = random.integer(0, 255) - (is_signed ? 128 : 0);
    check_quantize(kernel(), x, random.real(0.005F, 0.03F), static_cast<float>(zero), is_signed);
  }
}

TEST_P(QuantizeKernels, TiesSaturationAndWhatIsNoNumber) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{0.5F,  1.5F,   2.5F, -0.5F, -1.5F, 254.5F, 255.5F,
                             1e30F, -1e30F, kInf, -kInf, NAN,   0.0F};
  for (const float zero : {0.0F, 1.0F, 128.0F, 255.0F}) check_quantize(kernel(), x, 1.0F, zero);
  for (const float zero : {-128.0F, -1.0F, 0.0F, 127.0F}) check_quantize(kernel(), x, 1.0F, zero, true);
}

TEST_P(QuantizeKernels, BackToFloats) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20; ++i) {
    const auto x = test::random_bytes(random, static_cast<std::size_t>(random.integer(1, 300)));
    std::vector<float> y(x.size() + 4, 77);
    BytesToFloatsArgs args{
        x.data(), y.data(),     static_cast<std::ptrdiff_t>(x.size()), random.real(0.01F, 1.0F),
        0,        random.coin()};
    args.zero = random.integer(0, 255) - (args.is_signed ? 128 : 0);
    bytes_to_floats_run(kernel(), args, test::pool_of(3));
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto centred = static_cast<float>(test::byte_value(x[k], args.is_signed) - args.zero);
      ASSERT_EQ(y[k], centred * args.scale);
    }
    for (std::size_t k = x.size(); k < y.size(); ++k) ASSERT_EQ(y[k], 77) << "wrote beyond the end";
  }
}

TEST_P(QuantizeKernels, Gates) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40; ++i) {
    GateArgs args;
    args.rows = random.integer(1, 11);
    args.columns = random.coin() ? random.integer(1, 150) : 32;  // as tiles of two channel blocks leave them
    args.src_stride = args.columns + random.integer(0, 9);
    args.dst_stride = args.columns + random.integer(0, 9);
    std::vector<float> x = random.reals(static_cast<std::size_t>(args.rows * args.src_stride));
    for (float& value : x) value *= 12;
    args.src = x.data();
    args.gate = static_cast<op::Gate>(i % 5);
    args.alpha = random.real(0.5F, 20.0F);
    args.requantize.bytes = random.integer(0, 3) != 0;
    if (args.requantize.bytes) {
      const int least = random.coin() ? -128 : 0;
      args.requantize.to_bytes(least, least + 255, random.integer(least, least + 255));
    }
    const std::ptrdiff_t last = (args.rows - 1) * args.dst_stride + args.columns;
    test::GuardedBytes dst(static_cast<std::size_t>(last) * (args.requantize.bytes ? 1 : sizeof(float)));
    args.dst = dst.data();
    const auto before = dst.at<std::uint8_t>(0);
    kernel().routines().gate(args);
    ASSERT_TRUE(dst.intact());
    for (std::ptrdiff_t at = 0; at < last; ++at) {
      const auto to = static_cast<std::size_t>(at);
      const std::ptrdiff_t row = at / args.dst_stride, column = at % args.dst_stride;
      if (column >= args.columns) {
        if (args.requantize.bytes) {
          ASSERT_EQ(dst.at<std::uint8_t>(to), before) << "wrote between rows";
        }
        continue;
      }
      const float from = x[static_cast<std::size_t>(row * args.src_stride + column)];
      const float v = op::apply_gate(from, args.gate) * args.alpha;
      if (!args.requantize.bytes) {
        ASSERT_EQ(dst.at<float>(to), v);
      } else if (args.requantize.is_signed) {
        ASSERT_EQ(dst.at<std::int8_t>(to), op::quantize_to<std::int8_t>(v, args.requantize.zero)) << from;
      } else {
        ASSERT_EQ(dst.at<std::uint8_t>(to), op::quantize_to<std::uint8_t>(v, args.requantize.zero)) << from;
      }
    }
  }
}

TEST_P(QuantizeKernels, Extremes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30; ++i) {
    const int count = i == 0 ? 100000 : random.integer(0, 300);
    std::vector<float> x = random.reals(static_cast<std::size_t>(count));
    const float shift = random.real(-2.0F, 2.0F);
    Extremes expected;
    for (float& value : x) {
      value += shift;
      expected.low = std::min(expected.low, value);
      expected.high = std::max(expected.high, value);
    }
    for (float& value : x) {
      if (value != expected.low && value != expected.high && random.integer(0, 20) == 0)
        value = std::numeric_limits<float>::quiet_NaN();
    }
    std::array<Extremes, 3> each;
    const Extremes found = extremes_run(kernel(), x.data(), count, each, test::pool_of(3));
    EXPECT_EQ(found.low, expected.low);
    EXPECT_EQ(found.high, expected.high);
  }
}

TEST_P(QuantizeKernels, Tables) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  const auto table = test::random_bytes(random, 256);
  for (int i = 0; i < 10; ++i) {
    const auto x = test::random_bytes(random, static_cast<std::size_t>(random.integer(1, 700)));
    test::GuardedBytes y(x.size());
    look_up_run(kernel(), {x.data(), y.data(), static_cast<std::ptrdiff_t>(x.size()), table.data()},
                test::pool_of(3));
    ASSERT_TRUE(y.intact());
    for (std::size_t k = 0; k < x.size(); ++k) ASSERT_EQ(y.at<std::uint8_t>(k), table[x[k]]);
  }
}

TEST_P(QuantizeKernels, Sums) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40; ++i) {
    const auto count = static_cast<std::size_t>(random.integer(1, 300));
    const auto a = test::random_bytes(random, count), b = test::random_bytes(random, count);
    test::S8Epilogue epilogue = test::random_epilogue(random, 1, count, 1);
    epilogue.residual = b;
    const Requantize& r = epilogue.requantize;
    AddBytesArgs args;
    args.requantize = r;
    args.count = static_cast<std::ptrdiff_t>(count);
    args.a = {a.data(), random.coin(), random.integer(0, 127), random.real(0.1F, 2.0F)};
    args.b = {b.data(), r.residual_signed, r.residual_zero, r.residual_multiplier};
    epilogue.multiplier = {args.a.multiplier};
    test::GuardedBytes dst(count * (r.bytes ? 1 : sizeof(float)));
    args.dst = dst.data();
    add_bytes_run(kernel(), args, test::pool_of(3));
    ASSERT_TRUE(dst.intact());
    for (std::size_t k = 0; k < count; ++k) {
      const int centred = test::byte_value(a[k], args.a.is_signed) - args.a.zero;
      ASSERT_EQ(test::result_at(epilogue, dst, k), test::expected_result(epilogue, centred, 0, k));
    }
  }
}

TENON_FOR_EACH_KERNEL(QuantizeKernels, quantize_kernels());

TEST(SelectQuantize, ObeysTheLevel) { test::expect_selection_by_level(quantize_kernels(), select_quantize); }

}  // namespace
}  // namespace tenon::cpu
