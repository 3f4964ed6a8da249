// Products of bytes on every kernel of conv_s8 and matrix_s8 that this machine runs, against their formula.
#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"

#include "backends/cpu/kernels/matrix_s8/gemm_matrix_s8.hpp"
#include "kernels/s8_support.hpp"

#include <cmath>

namespace tenon::cpu {
namespace {

using GemmS8Kernels = test::KernelTest<ConvS8Kernel>;
using GemmMatrixS8Kernels = test::KernelTest<MatrixS8Kernel>;

struct BytesByVectors {
  static std::size_t packed_size(int k, int n) { return gemm_s8_packed_size(k, n); }
  static void pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
    gemm_s8_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const GemmS8Args& args, int threads) {
    return gemm_s8_scratch_size(args, threads);
  }
  void run(const GemmS8Args& args, std::byte* memory, ThreadPool& pool) const {
    gemm_s8_run(kernel, args, memory, pool);
  }
  const ConvS8Kernel& kernel;
};

struct BytesByMatrices {
  static std::size_t packed_size(int k, int n) { return gemm_matrix_s8_packed_size(k, n); }
  static void pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
    gemm_matrix_s8_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const GemmS8Args& args, int threads) {
    return gemm_matrix_s8_scratch_size(args, threads);
  }
  void run(const GemmS8Args& args, std::byte* memory, ThreadPool& pool) const {
    gemm_matrix_s8_run(kernel, args, memory, pool);
  }
  const MatrixS8Kernel& kernel;
};

template <class Way>
void check_product(const Way& way, test::Random& random, int m, int n, int k) {
  SCOPED_TRACE(testing::Message() << m << " x " << k << " x " << n);
  const bool transposed = random.coin(), is_signed = random.coin(), biased = random.coin();
  const int zero = random.integer(0, 255) - (is_signed ? 128 : 0);
  const auto a = test::random_bytes(random, static_cast<std::size_t>(m) * static_cast<std::size_t>(k));
  std::vector<std::int8_t> b(static_cast<std::size_t>(k) * static_cast<std::size_t>(n));
  for (auto& w : b) w = static_cast<std::int8_t>(random.integer(-128, 127));
  std::vector<std::int32_t> bias(static_cast<std::size_t>(n));
  for (auto& value : bias) value = biased ? random.integer(-100000, 100000) : 0;
  const test::S8Epilogue epilogue = test::random_epilogue(
      random, n, static_cast<std::size_t>(m) * static_cast<std::size_t>(n), std::sqrt(1.0 + k) * 128 * 74);

  std::vector<std::int8_t> packed(Way::packed_size(k, n));
  Way::pack(b.data(), transposed, k, n, packed.data());
  std::vector<std::int32_t> packed_bias(gemm_s8_packed_bias_size(n));
  gemm_s8_pack_bias(b.data(), transposed, k, n, biased ? bias.data() : nullptr, is_signed, zero,
                    packed_bias.data());
  std::vector<float> multiplier = epilogue.multiplier;
  multiplier.resize(packed_bias.size());
  GemmS8Args args{m,      n, k, a.data(), is_signed, packed.data(), packed_bias.data(), epilogue.requantize,
                  nullptr};
  args.requantize.multiplier = multiplier.data();
  if (random.coin()) args.requantize.find_range(multiplier.size());
  args.requantize.residual = epilogue.residual.empty() ? nullptr : epilogue.residual.data();

  for (const int threads : {1, 3}) {
    const auto results = static_cast<std::size_t>(m) * static_cast<std::size_t>(n);
    test::GuardedBytes c(results * (args.requantize.bytes ? 1 : sizeof(float)));
    test::GuardedBytes scratch(Way::scratch(args, threads));
    args.c = c.data();
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(threads));
    ASSERT_TRUE(c.intact() && scratch.intact());
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        auto sum = static_cast<std::uint32_t>(bias[static_cast<std::size_t>(j)]);
        for (int q = 0; q < k; ++q) {
          const int x = test::byte_value(a[static_cast<std::size_t>(i * k + q)], is_signed) - zero;
          sum +=
              static_cast<std::uint32_t>(x * b[static_cast<std::size_t>(transposed ? j * k + q : q * n + j)]);
        }
        const auto at = static_cast<std::size_t>(i * n + j);
        ASSERT_EQ(
            test::result_at(epilogue, c, at),
            test::expected_result(epilogue, static_cast<std::int32_t>(sum), static_cast<std::size_t>(j), at))
            << "row " << i << " column " << j << ", " << threads << " threads";
      }
    }
  }
}

// Every result comes to be finished once, and is the one that would be stored.
template <class Way>
void check_finished(const Way& way, test::Random& random, int m, int n, int k) {
  SCOPED_TRACE(testing::Message() << m << " x " << k << " x " << n);
  const auto a = test::random_bytes(random, static_cast<std::size_t>(m) * static_cast<std::size_t>(k));
  std::vector<std::int8_t> b(static_cast<std::size_t>(k) * static_cast<std::size_t>(n));
  for (auto& w : b) w = static_cast<std::int8_t>(random.integer(-128, 127));
  std::vector<std::int8_t> packed(Way::packed_size(k, n));
  Way::pack(b.data(), false, k, n, packed.data());
  const std::vector<std::int32_t> bias(gemm_s8_packed_bias_size(n));
  std::vector<float> multiplier = random.reals(bias.size());
  GemmS8Args args{m, n, k, a.data(), random.coin(), packed.data(), bias.data(), {}, nullptr};
  args.requantize.bytes = false;
  args.requantize.multiplier = multiplier.data();
  for (const int threads : {1, 3}) {
    const auto results = static_cast<std::size_t>(m) * static_cast<std::size_t>(n);
    std::vector<float> stored(results), finished(results);
    std::vector<int> times(results);
    args.finished = false;
    test::GuardedBytes scratch(Way::scratch(args, threads));
    args.c = stored.data();
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(threads));
    const auto finish = [&](const ProductBlock& block) {
      for (int i = 0; i < block.rows; ++i) {
        for (int j = 0; j < block.columns; ++j) {
          const auto at = static_cast<std::size_t>((block.row + i) * n + block.column + j);
          finished.at(at) = block.results[i * block.stride + j];
          ++times[at];
        }
      }
    };
    const ProductFinish by(finish);
    args.finished = true;
    args.finish = &by;
    args.c = nullptr;
    test::GuardedBytes more(Way::scratch(args, threads));
    way.run(args, reinterpret_cast<std::byte*>(more.data()), test::pool_of(threads));
    ASSERT_TRUE(more.intact());
    ASSERT_EQ(times, std::vector<int>(results, 1)) << threads << " threads";
    ASSERT_EQ(finished, stored) << threads << " threads";
  }
}

template <class Way>
void check_random_finished(const Way& way) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !testing::Test::HasFatalFailure(); ++i)
    check_finished(way, random, random.integer(1, 80), random.integer(1, 90), random.integer(1, 140));
  check_finished(way, random, 130, 200, 1024);
}

template <class Way>
void check_random_byte_products(const Way& way) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !testing::Test::HasFatalFailure(); ++i)
    check_product(way, random, random.integer(1, 50), random.integer(1, 90), random.integer(1, 140));
}

template <class Way>
void check_byte_panels(const Way& way) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  check_product(way, random, 130, 40, 2048);
  check_product(way, random, 260, 70, 2061);
  check_product(way, random, 1, 70, 1024);
}

TEST_P(GemmS8Kernels, RandomShapes) { check_random_byte_products(BytesByVectors{kernel()}); }
TEST_P(GemmS8Kernels, ManyPanels) { check_byte_panels(BytesByVectors{kernel()}); }
TEST_P(GemmS8Kernels, FinishedResults) { check_random_finished(BytesByVectors{kernel()}); }

TEST_P(GemmMatrixS8Kernels, FinishedResults) { check_random_finished(BytesByMatrices{kernel()}); }
TEST_P(GemmMatrixS8Kernels, RandomShapes) { check_random_byte_products(BytesByMatrices{kernel()}); }
TEST_P(GemmMatrixS8Kernels, ManyPanels) { check_byte_panels(BytesByMatrices{kernel()}); }

// Whole steps, which are read where they are unless bytes are signed.
TEST_P(GemmMatrixS8Kernels, WholeSteps) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i)
    check_product(BytesByMatrices{kernel()}, random, random.integer(1, 70), random.integer(1, 90),
                  kMatrixDepth * random.integer(1, 12));
}

TENON_FOR_EACH_KERNEL(GemmS8Kernels, conv_s8_kernels());
TENON_FOR_EACH_KERNEL(GemmMatrixS8Kernels, matrix_s8_kernels());

}  // namespace
}  // namespace tenon::cpu
