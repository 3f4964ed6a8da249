// Products of 16-bit floats on every kernel of conv_half and matrix_bf16 that this machine runs, against
// their formula.
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"

#include "backends/cpu/kernels/conv_half/scaled.hpp"
#include "backends/cpu/kernels/matrix_bf16/gemm_matrix_bf16.hpp"
#include "kernels/half_support.hpp"
#include "kernels/s8_support.hpp"

namespace tenon::cpu {
namespace {

using GemmHalfKernels = test::KernelTest<ConvHalfKernel>;
class GemmF16Kernels : public GemmHalfKernels {};      // whose weights may be scaled
class GemmChainedKernels : public GemmHalfKernels {};  // of these
using GemmMatrixBf16Kernels = test::KernelTest<MatrixBf16Kernel>;

struct HalfProductsByVectors {
  DataType type() const { return kernel.type; }
  static std::size_t packed_size(int k, int n) { return gemm_half_packed_size(k, n); }
  void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) const {
    gemm_half_pack(b, transposed, k, n, type(), packed);
  }
  std::size_t scratch(const GemmHalfArgs& args, int threads) const {
    return gemm_half_scratch_size(kernel, args, threads);
  }
  void run(const GemmHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    gemm_half_run(kernel, args, memory, pool);
  }
  const ConvHalfKernel& kernel;
};

struct ScaledProducts : HalfProductsByVectors {
  static constexpr bool kScaled = true;
  static std::size_t packed_size(int k, int n) { return scaled_f16_size(gemm_half_packed_size(k, n), n); }
  static void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
    gemm_f16_scaled_pack(b, transposed, k, n, packed);
  }
  void run(GemmHalfArgs args, std::byte* memory, ThreadPool& pool) const {
    args.factors = scaled_f16_factors(args.b, gemm_half_packed_size(args.k, args.n));
    gemm_half_run(kernel, args, memory, pool);
  }
};

struct HalfProductsByMatrices {
  static DataType type() { return DataType::bf16; }
  static std::size_t packed_size(int k, int n) { return gemm_matrix_bf16_packed_size(k, n); }
  static void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
    gemm_matrix_bf16_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const GemmHalfArgs& args, int threads) {
    return gemm_matrix_bf16_scratch_size(args, threads);
  }
  void run(const GemmHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    gemm_matrix_bf16_run(kernel, args, memory, pool);
  }
  const MatrixBf16Kernel& kernel;
};

template <class Way>
void check_half_product(const Way& way, test::Random& random, int m, int n, int k) {
  SCOPED_TRACE(testing::Message() << m << " x " << k << " x " << n);
  const DataType type = way.type();
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  const bool transposed = random.coin(), biased = random.coin(), adds = random.coin();
  const std::vector<float> given = random.reals(size(m, k));
  std::vector<float> a = given, b = random.reals(size(k, n)), residual = random.reals(size(m, n));
  test::round_to(type, a);
  test::round_to(type, b);
  GemmHalfArgs args;
  args.m = m;
  args.n = n;
  args.k = k;
  args.a_single = random.coin();
  args.residual_single = random.coin();
  args.c_single = random.coin();
  args.act = random.activation();
  if (!args.residual_single) test::round_to(type, residual);
  const auto stored_a = test::stored(type, given, args.a_single);
  const auto stored_residual = test::stored(type, residual, args.residual_single);
  std::vector<float> bias(static_cast<std::size_t>(round_up(n, kChannelBlock)));
  random.fill(std::span(bias).first(static_cast<std::size_t>(n)));
  std::vector<std::uint16_t> packed(Way::packed_size(k, n));
  way.pack(b.data(), transposed, k, n, packed.data());
  args.a = stored_a.data();
  args.b = packed.data();
  args.bias = biased ? bias.data() : nullptr;
  args.residual = adds ? stored_residual.data() : nullptr;

  for (const int threads : {1, 3}) {
    test::GuardedBytes c(size(m, n) * (args.c_single ? 4 : 2));
    test::GuardedBytes scratch(way.scratch(args, threads));
    args.c = c.data();
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(threads));
    ASSERT_TRUE(c.intact() && scratch.intact());
    const std::vector<float> got = test::read_stored(type, c.data(), size(m, n), args.c_single);
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        const std::size_t at = size(i, n) + static_cast<std::size_t>(j);
        double sum = 0, magnitude = 0;
        const auto add = [&](double term) {
          sum += term;
          magnitude += std::abs(term);
        };
        if (biased) add(bias[static_cast<std::size_t>(j)]);
        if (adds) add(residual[at]);
        for (int q = 0; q < k; ++q) {
          const std::size_t weight = transposed ? size(j, k) + static_cast<std::size_t>(q)
                                                : size(q, n) + static_cast<std::size_t>(j);
          add(static_cast<double>(a[size(i, k) + static_cast<std::size_t>(q)]) * b[weight]);
        }
        const double exact = test::activate(args.act, sum);
        ASSERT_NEAR(got[at], exact,
                    test::half_bound(type, args.c_single, k + 2, magnitude, exact, test::sums_of(way)))
            << "row " << i << " column " << j << ", " << threads << " threads";
      }
    }
  }
}

template <class Way>
void check_random_products(const Way& way) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !testing::Test::HasFatalFailure(); ++i)
    check_half_product(way, random, random.integer(1, 50), random.integer(1, 90), random.integer(1, 140));
}

template <class Way>
void check_panels(const Way& way) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  check_half_product(way, random, 130, 40, 1024);
  check_half_product(way, random, 260, 70, 1031);
  check_half_product(way, random, 1, 70, 1023);
}

TEST_P(GemmHalfKernels, RandomShapes) { check_random_products(HalfProductsByVectors{kernel()}); }
TEST_P(GemmHalfKernels, ManyPanels) { check_panels(HalfProductsByVectors{kernel()}); }

TEST_P(GemmF16Kernels, ScaledWeights) {
  check_random_products(ScaledProducts{{kernel()}});
  check_panels(ScaledProducts{{kernel()}});
}

// a [m, k] in f16, and columns of weights: the products in single precision.
template <class Way>
std::vector<float> half_products(const Way& way, const std::vector<float>& a, const std::vector<float>& b,
                                 int m, int n) {
  GemmHalfArgs args;
  args.m = m;
  args.n = n;
  args.k = static_cast<int>(b.size()) / n;
  const auto rows = test::stored(DataType::f16, a, false);
  std::vector<std::uint16_t> packed(Way::packed_size(args.k, n));
  way.pack(b.data(), true, args.k, n, packed.data());
  std::vector<float> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  args.a = rows.data();
  args.b = packed.data();
  args.c = c.data();
  args.c_single = true;
  test::GuardedBytes scratch(way.scratch(args, 1));
  way.run(args, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(1));
  return c;
}

// Sums that leave f16, though they fit single precision.
TEST_P(GemmF16Kernels, FiniteNumbersHaveFiniteSums) {
  constexpr int kDepth = 100, kColumns = 20;
  constexpr float kLargest = 65504;
  const std::vector<float> a(kDepth, kLargest);
  std::vector<float> b(kDepth * kColumns);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = (i / kDepth % 2 ? -1.0F : 1.0F) * 1024;
  const std::vector<float> c = half_products(ScaledProducts{{kernel()}}, a, b, 1, kColumns);
  for (std::size_t j = 0; j < c.size(); ++j) {
    const double exact = static_cast<double>(kLargest) * 1024 * kDepth * (j % 2 ? -1 : 1);
    EXPECT_NEAR(c[j], exact, std::abs(exact) * kHalfRoundings * 0x1p-11) << j;
  }
  if (kernel().chained) {
    EXPECT_TRUE(std::isinf(half_products(HalfProductsByVectors{kernel()}, a, b, 1, kColumns)[0]));
  }
}

TEST_P(GemmF16Kernels, InfinitiesAndNansComeThrough) {
  constexpr int kDepth = 40, kColumns = 3;
  std::vector<float> a(3 * kDepth, 1.0F);
  a[5] = INFINITY;
  a[kDepth + 7] = -INFINITY;
  a[2 * kDepth + 39] = NAN;
  const std::vector<float> b(kDepth * kColumns, 0.5F);
  const std::vector<float> c = half_products(ScaledProducts{{kernel()}}, a, b, 3, kColumns);
  for (std::size_t j = 0; j < kColumns; ++j) {
    EXPECT_EQ(c[j], INFINITY);
    EXPECT_EQ(c[kColumns + j], -INFINITY);
    EXPECT_TRUE(std::isnan(c[2 * kColumns + j]));
  }
}

// The error factor of chained sums is neither exceeded nor far from what happens.
TEST_P(GemmChainedKernels, ErrorFactorOfChains) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  constexpr int kRows = 30, kColumns = 48;
  double worst = 0;
  for (const int depth : {1, 2, 3, 16, 33, 400}) {
    const auto numbers = [&](int count) {
      std::vector<float> all(static_cast<std::size_t>(count));
      for (float& x : all) x = random.real(0.25F, 1.0F) * (random.coin() ? 1.0F : -1.0F);
      test::round_to(DataType::f16, all);
      return all;
    };
    const std::vector<float> a = numbers(kRows * depth), b = numbers(kColumns * depth);
    const std::vector<float> c = half_products(ScaledProducts{{kernel()}}, a, b, kRows, kColumns);
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < kColumns; ++j) {
        double exact = 0, magnitude = 0;
        for (int q = 0; q < depth; ++q) {
          const double term = static_cast<double>(a[static_cast<std::size_t>(i * depth + q)]) *
                              b[static_cast<std::size_t>(j * depth + q)];
          exact += term;
          magnitude += std::abs(term);
        }
        const double miss = std::abs(c[static_cast<std::size_t>(i * kColumns + j)] - exact);
        worst = std::max(worst, miss / test::error_bound("conv_half", depth, magnitude));
      }
    }
  }
  EXPECT_LE(worst, kHalfChainFactor);
  EXPECT_GE(worst, kHalfChainFactor / 4);
}

// The largest weight of each column lies in [2^-7, 2^-6), and the factors undo it.
TEST(ScaledF16, PacksPowersOfTwo) {
  constexpr int kDepth = 6, kColumns = 18;
  std::vector<float> b(kDepth * kColumns);
  for (std::size_t i = 0; i < b.size(); ++i) {
    const auto column = static_cast<int>(i / kDepth);
    b[i] = std::ldexp(static_cast<float>(i % kDepth + 1) * (i % 2 ? 1.0F : -1.0F), column * 5 - 40);
  }
  for (std::size_t i = 0; i < kDepth; ++i) b[3 * kDepth + i] = 0;
  b[4 * kDepth] = 0x1.ffffp3F;  // rounds up to a power of two
  const std::size_t size = gemm_half_packed_size(kDepth, kColumns);
  std::vector<std::uint16_t> packed(scaled_f16_size(size, kColumns));
  gemm_f16_scaled_pack(b.data(), true, kDepth, kColumns, packed.data());
  const float* factors = scaled_f16_factors(packed.data(), size);
  for (std::size_t j = 0; j < 32; ++j) {
    float most = 0;
    for (std::size_t q = 0; q < kDepth; ++q) {
      const std::size_t at = j / 16 * 16 * kDepth + q / 2 * 32 + j % 16 * 2 + q % 2;
      const float scaled = test::half_value(DataType::f16, packed[at]);
      const float expected = j < kColumns ? b[j * kDepth + q] : 0;
      if (j != 4) {
        EXPECT_EQ(scaled * factors[j], expected) << j;
      }
      most = std::max(most, std::abs(scaled));
    }
    if (j >= kColumns || j == 3) {
      EXPECT_EQ(factors[j], 1.0F);
    } else {
      EXPECT_GE(most, 0x1p-7F) << j;
      EXPECT_LT(most, 0x1p-6F) << j;
    }
  }
}

TEST_P(GemmMatrixBf16Kernels, RandomShapes) { check_random_products(HalfProductsByMatrices{kernel()}); }
TEST_P(GemmMatrixBf16Kernels, ManyPanels) { check_panels(HalfProductsByMatrices{kernel()}); }

// Whole steps, which are read where they are if they are stored as bf16; of many columns they are laid out
// all the same.
TEST_P(GemmMatrixBf16Kernels, WholeSteps) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
    const bool many = i % 4 == 0;
    check_half_product(HalfProductsByMatrices{kernel()}, random, random.integer(1, 70),
                       random.integer(1, 90) + (many ? 250 : 0),
                       32 * (many ? random.integer(8, 12) : random.integer(1, 12)));
  }
}

template <class Accepts>
std::vector<ConvHalfKernel> half_kernels_that(Accepts accepts) {
  std::vector<ConvHalfKernel> some;
  std::copy_if(conv_half_kernels().begin(), conv_half_kernels().end(), std::back_inserter(some), accepts);
  return some;
}
const std::vector<ConvHalfKernel> kF16Kernels =
    half_kernels_that([](const ConvHalfKernel& k) { return k.type == DataType::f16; });
const std::vector<ConvHalfKernel> kChainedKernels =
    half_kernels_that([](const ConvHalfKernel& k) { return k.chained; });

TENON_FOR_EACH_KERNEL(GemmHalfKernels, conv_half_kernels());
TENON_FOR_EACH_KERNEL(GemmF16Kernels, std::span(kF16Kernels));
TENON_FOR_EACH_KERNEL(GemmChainedKernels, std::span(kChainedKernels));
TENON_FOR_EACH_KERNEL(GemmMatrixBf16Kernels, matrix_bf16_kernels());

}  // namespace
}  // namespace tenon::cpu
