// Products of 16-bit floats on every kernel of conv_half and matrix_bf16 that this machine runs, against
// their formula.
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"

#include "backends/cpu/kernels/matrix_bf16/gemm_matrix_bf16.hpp"
#include "kernels/half_support.hpp"
#include "kernels/s8_support.hpp"

namespace tenon::cpu {
namespace {

using GemmHalfKernels = test::KernelTest<ConvHalfKernel>;
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
        ASSERT_NEAR(got[at], exact, test::half_bound(type, args.c_single, k + 2, magnitude, exact))
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
  check_half_product(way, random, 1, 70, 1023);
}

TEST_P(GemmHalfKernels, RandomShapes) { check_random_products(HalfProductsByVectors{kernel()}); }
TEST_P(GemmHalfKernels, ManyPanels) { check_panels(HalfProductsByVectors{kernel()}); }

TEST_P(GemmMatrixBf16Kernels, RandomShapes) { check_random_products(HalfProductsByMatrices{kernel()}); }
TEST_P(GemmMatrixBf16Kernels, ManyPanels) { check_panels(HalfProductsByMatrices{kernel()}); }

// Whole steps, which are read where they are if they are stored as bf16.
TEST_P(GemmMatrixBf16Kernels, WholeSteps) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i)
    check_half_product(HalfProductsByMatrices{kernel()}, random, random.integer(1, 70), random.integer(1, 90),
                       32 * random.integer(1, 12));
}

TENON_FOR_EACH_KERNEL(GemmHalfKernels, conv_half_kernels());
TENON_FOR_EACH_KERNEL(GemmMatrixBf16Kernels, matrix_bf16_kernels());

}  // namespace
}  // namespace tenon::cpu
