// Products with stored matrices on every kernel that this machine runs: against doubles, and bit for bit
// against the portable kernel.
#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"

#include "kernels/s8_support.hpp"

#include <cmath>
#include <limits>

namespace tenon::cpu {
namespace {

using GemmStoredKernels = test::KernelTest<GemmStoredKernel>;

// One product and its operands, packed and not.
struct StoredProduct {
  StoredProduct(test::Random& random, const GemmStoredShape& shape, int m_)
      : m(m_), chunks(shape), weights(count(shape.k, shape.n)), a(random.reals(count(m_, shape.k))) {
    for (unsigned& q : weights) q = static_cast<unsigned>(random.integer(0, (1 << shape.bits) - 1));
    if (random.coin()) {  // values of very different size, as activations of language models are
      for (float& x : a) x *= std::ldexp(1.0F, random.integer(-12, 6));
    }
    scales = random.reals(count(chunks.blocks, shape.n));
    has_zeros = random.coin();
    one_zero = random.integer(0, (1 << shape.bits) - 1);
    for (std::size_t i = 0; i < scales.size(); ++i)
      zeros.push_back(has_zeros ? static_cast<unsigned>(random.integer(0, (1 << shape.bits) - 1))
                                : static_cast<unsigned>(one_zero));
    if (random.coin()) bias = random.reals(static_cast<std::size_t>(shape.n));
    if (random.coin()) residual = random.reals(count(m, shape.n));

    packed.resize(gemm_stored_packed_size(shape));
    const auto at = [&](int i, int j) { return count(i, shape.n) + static_cast<std::size_t>(j); };
    gemm_stored_pack(
        shape, [&](int i, int j) { return weights[at(i, j)]; }, packed.data());
    packed_scales.resize(gemm_stored_scales_size(shape));
    gemm_stored_pack_scales(
        shape, [&](int i, int j) { return scales[at(i, j)]; }, packed_scales.data());
    packed_zeros.resize(packed_scales.size());
    gemm_stored_pack_zeros(
        shape, [&](int i, int j) { return zeros[at(i, j)]; }, packed_zeros.data());
    args.shape = shape;
    args.m = m;
    args.a = a.data();
    args.weights = packed.data();
    args.scale = packed_scales.data();
    args.zero = has_zeros ? packed_zeros.data() : nullptr;
    args.one_zero = one_zero;
    args.bias = bias.empty() ? nullptr : bias.data();
    args.residual = residual.empty() ? nullptr : residual.data();
    args.act = random.activation();
  }

  static std::size_t count(int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); }

  // The exact result, and the sum of what its terms and the largest of each chunk contribute.
  double expected(int i, int j, double& magnitude) const {
    const GemmStoredShape& shape = args.shape;
    double sum = 0;
    magnitude = 0;
    for (int c = 0; c < chunks.count; ++c) {
      const auto block = count(c / chunks.per_block, shape.n) + static_cast<std::size_t>(j);
      double largest = 0, steps = 0;
      for (int k = chunks.first(c); k < chunks.end(c); ++k) {
        const double x = a[count(i, shape.k) + static_cast<std::size_t>(k)];
        const double w =
            (static_cast<double>(weights[count(k, shape.n) + static_cast<std::size_t>(j)]) - zeros[block]) *
            static_cast<double>(scales[block]);
        sum += x * w;
        largest = std::max(largest, std::abs(x));
        steps += std::abs(w);
      }
      magnitude += largest * steps;
    }
    // Each is added with a rounding of its own, also where they cancel.
    const double offset = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(j)];
    const double added = residual.empty() ? 0.0 : residual[count(i, shape.n) + static_cast<std::size_t>(j)];
    magnitude += std::abs(offset) + std::abs(added);
    return sum + offset + added;
  }

  int m;
  StoredChunks chunks;
  std::vector<unsigned> weights, zeros;
  std::vector<float> a, scales, bias, residual;
  bool has_zeros;
  int one_zero;
  std::vector<std::uint8_t> packed, packed_zeros;
  std::vector<float> packed_scales;
  GemmStoredArgs args;
};

std::vector<float> run(const GemmStoredKernel& kernel, StoredProduct& product, int threads) {
  test::GuardedBuffer c(StoredProduct::count(product.m, product.args.shape.n));
  test::GuardedBytes scratch(gemm_stored_scratch_size(product.args.shape, product.m));
  product.args.c = c.data();
  gemm_stored_run(kernel, product.args, reinterpret_cast<std::byte*>(scratch.data()), test::pool_of(threads));
  EXPECT_TRUE(c.intact() && scratch.intact());
  return {c.values().begin(), c.values().end()};
}

void check_product(const GemmStoredKernel& kernel, test::Random& random, const GemmStoredShape& shape,
                   int m) {
  SCOPED_TRACE(testing::Message() << m << " x " << shape.k << " x " << shape.n << ", " << shape.bits
                                  << " bits, block " << shape.block);
  ASSERT_EQ(gemm_stored_refusal(shape), nullptr);
  StoredProduct product(random, shape, m);
  const std::vector<float> portable = run(*select_gemm_stored(Isa::portable), product, 1);
  const std::vector<float> result = run(kernel, product, 1);
  ASSERT_EQ(result, run(kernel, product, 3));
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < shape.n; ++j) {
      const auto at = StoredProduct::count(i, shape.n) + static_cast<std::size_t>(j);
      ASSERT_EQ(result[at], portable[at]) << "row " << i << " column " << j;
      double magnitude = 0;
      const double exact = product.expected(i, j, magnitude);
      ASSERT_NEAR(result[at], test::activate(product.args.act, exact),
                  test::error_bound("gemm_stored", product.chunks.count, magnitude))
          << "row " << i << " column " << j;
    }
  }
}

TEST_P(GemmStoredKernels, RandomShapes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    GemmStoredShape shape{random.integer(1, 90), random.integer(1, 140), random.coin() ? 4 : 8, 0};
    if (random.coin()) shape.block = random.integer(8, 70);
    check_product(kernel(), random, shape, random.integer(1, 9));
  }
}

TEST_P(GemmStoredKernels, LongBlocksAndManyRows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  check_product(kernel(), random, {70, 1030, 8, 0}, 2);
  check_product(kernel(), random, {70, 1030, 4, 300}, 1);
  check_product(kernel(), random, {150, 40, 4, 32}, 1);
  check_product(kernel(), random, {33, 64, 4, 32}, 203);
}

// The largest sums that there are: they do not overflow.
TEST_P(GemmStoredKernels, ExtremeValues) {
  for (const float sign : {1.0F, -1.0F}) {
    for (const int zero : {0, 255}) {
      const GemmStoredShape shape{5, 512, 8, 0};
      const float largest = 8355711.0F, most = zero == 0 ? 255.0F : -255.0F;
      const std::vector<float> a(512, sign * largest);
      std::vector<std::uint8_t> packed(gemm_stored_packed_size(shape));
      gemm_stored_pack(
          shape, [&](int, int) { return zero == 0 ? 255U : 0U; }, packed.data());
      std::vector<float> scale(gemm_stored_scales_size(shape), 1.0F), c(5);
      std::vector<std::byte> scratch(gemm_stored_scratch_size(shape, 1));
      GemmStoredArgs args{shape,   1,       a.data(), packed.data(), scale.data(), nullptr, zero, c.data(),
                          nullptr, nullptr, {}};
      gemm_stored_run(kernel(), args, scratch.data(), test::pool_of(1));
      for (const float value : c) EXPECT_EQ(value, sign * most * largest * 512.0F);
    }
  }
}

TEST_P(GemmStoredKernels, WhatIsNotFiniteGivesNan) {
  const GemmStoredShape shape{20, 40, 4, 16};
  test::Random random;
  StoredProduct product(random, shape, 3);
  product.args.act = {};
  product.a[45] = std::numeric_limits<float>::infinity();
  product.a[119] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> result = run(kernel(), product, 1);
  for (std::size_t i = 0; i < result.size(); ++i) EXPECT_EQ(std::isnan(result[i]), i >= 20) << i;
}

TEST(GemmStoredChunks, CoverAllPlacesOnce) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 200; ++i) {
    const GemmStoredShape shape{1, random.integer(1, 2000), 8, random.coin() ? 0 : random.integer(8, 700)};
    const StoredChunks chunks(shape);
    int at = 0;
    for (int c = 0; c < chunks.count; ++c) {
      ASSERT_EQ(chunks.first(c), at);
      ASSERT_GT(chunks.end(c), at);
      ASSERT_LE(chunks.end(c) - at, chunks.padded(c));
      ASSERT_LE(chunks.padded(c), kStoredMostChunk);
      at = chunks.end(c);
    }
    ASSERT_EQ(at, shape.k);
  }
}

TENON_FOR_EACH_KERNEL(GemmStoredKernels, gemm_stored_kernels());

}  // namespace
}  // namespace tenon::cpu
