// Every gemm kernel this machine runs against sums in double precision.
#include "backends/cpu/kernels/gemm/gemm.hpp"

#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace tenon::cpu {
namespace {

using test::GuardedBuffer;
using test::Random;

struct GemmCase {
  GemmArgs args;
  std::vector<float> a;  // as stored, before packing
  std::vector<float> b;
  std::vector<float> packed_a;
  std::vector<float> packed_b;
  std::vector<float> bias;
  std::vector<float> residual;
  bool in_place = false;  // the residual is what C holds
};

std::ptrdiff_t stored_size(int rows, std::ptrdiff_t ld) { return rows * ld; }

GemmCase make_case(Random& random, int m, int n, int k) {
  GemmCase c;
  GemmArgs& args = c.args;
  args.m = m;
  args.n = n;
  args.k = k;
  args.batch = random.integer(1, 3);
  args.a.transposed = random.coin();
  args.b.transposed = random.coin();
  args.a.packed = random.coin();
  args.b.packed = random.coin();

  const auto fill = [&](GemmMatrix& matrix, int rows, int columns, std::vector<float>& data) {
    if (matrix.transposed) std::swap(rows, columns);
    matrix.ld = columns + random.integer(0, 5);
    const std::ptrdiff_t one = stored_size(rows, matrix.ld);
    const bool shared = matrix.packed || random.integer(0, 3) == 0;
    matrix.batch_stride = shared ? 0 : one;
    data = random.reals(static_cast<std::size_t>(one * (shared ? 1 : args.batch)));
    matrix.data = data.data();
  };
  fill(args.a, m, k, c.a);
  fill(args.b, k, n, c.b);

  args.ldc = n + random.integer(0, 5);
  args.c_batch_stride = stored_size(m, args.ldc) + random.integer(0, 3);
  args.bias_axis = static_cast<GemmArgs::Bias>(random.integer(0, 2));
  c.bias = random.reals(static_cast<std::size_t>(args.bias_axis == GemmArgs::Bias::per_row ? m : n));
  if (args.bias_axis != GemmArgs::Bias::none) args.bias = c.bias.data();
  args.act = random.activation();
  c.in_place = random.integer(0, 2) == 0;
  if (c.in_place || random.coin()) {
    args.ldr = c.in_place ? args.ldc : n + random.integer(0, 5);
    args.r_batch_stride = c.in_place ? args.c_batch_stride : stored_size(m, args.ldr);
    const std::ptrdiff_t stride = std::max(args.r_batch_stride, stored_size(m, args.ldr));
    c.residual = random.reals(static_cast<std::size_t>(stride * args.batch));
  }
  return c;
}

float element(const GemmMatrix& matrix, int batch, int row, int column) {
  const float* p = matrix.data + batch * matrix.batch_stride;
  return matrix.transposed ? p[column * matrix.ld + row] : p[row * matrix.ld + column];
}

std::vector<float> run(const GemmKernel& kernel, GemmCase c, int threads) {
  GemmArgs args = c.args;
  const std::size_t count = static_cast<std::size_t>(args.c_batch_stride * args.batch);
  GuardedBuffer out(count);
  args.c = out.data();
  if (c.in_place) {
    std::copy_n(c.residual.begin(), count, out.data());
    args.residual = out.data();
  } else if (!c.residual.empty()) {
    args.residual = c.residual.data();
  }
  std::vector<float> packed_a(gemm_packed_a_size(args.m, args.k));
  if (args.a.packed) {
    gemm_pack_a(args.a.data, args.a.ld, args.a.transposed, args.m, args.k, packed_a.data());
    args.a.data = packed_a.data();
  }
  std::vector<float> packed_b(gemm_packed_b_size(args.k, args.n));
  if (args.b.packed) {
    gemm_pack_b(args.b.data, args.b.ld, args.b.transposed, args.k, args.n, packed_b.data());
    args.b.data = packed_b.data();
  }
  GuardedBuffer scratch(gemm_scratch_size(args, threads));
  gemm_run(kernel, args, scratch.data(), test::pool_of(threads));
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(scratch.intact());

  // Nothing between the rows may have been written.
  for (int batch = 0; batch < args.batch; ++batch) {
    for (int i = 0; i < args.m; ++i) {
      const std::ptrdiff_t row = batch * args.c_batch_stride + i * args.ldc;
      for (std::ptrdiff_t j = args.n; j < args.ldc; ++j) {
        const std::size_t at = static_cast<std::size_t>(row + j);
        if (c.in_place) {
          EXPECT_EQ(out.data()[at], c.residual[at]);
        } else {
          EXPECT_TRUE(GuardedBuffer::untouched(out.data()[at]));
        }
      }
    }
  }
  return {out.data(), out.data() + count};
}

void check(const GemmKernel& kernel, const GemmCase& c) {
  const GemmArgs& args = c.args;
  SCOPED_TRACE(testing::Message() << kernel.info.name << " m=" << args.m << " n=" << args.n << " k=" << args.k
                                  << " batch=" << args.batch << " a(t,p)=" << args.a.transposed
                                  << args.a.packed << " b(t,p)=" << args.b.transposed << args.b.packed
                                  << " act=" << static_cast<int>(args.act.kind));
  const std::vector<float> got = run(kernel, c, 1);
  for (int batch = 0; batch < args.batch; ++batch) {
    for (int i = 0; i < args.m; ++i) {
      for (int j = 0; j < args.n; ++j) {
        double sum = 0;
        double magnitude = 0;
        const auto add = [&](double term) {
          sum += term;
          magnitude += std::abs(term);
        };
        for (int k = 0; k < args.k; ++k) {
          add(static_cast<double>(element(args.a, batch, i, k)) * element(args.b, batch, k, j));
        }
        if (args.bias) add(args.bias[args.bias_axis == GemmArgs::Bias::per_row ? i : j]);
        if (!c.residual.empty()) {
          add(c.residual[static_cast<std::size_t>(batch * args.r_batch_stride + i * args.ldr + j)]);
        }
        const float value = got[static_cast<std::size_t>(batch * args.c_batch_stride + i * args.ldc + j)];
        ASSERT_NEAR(value, test::activate(args.act, sum), test::error_bound("gemm", args.k + 2, magnitude))
            << "at [" << batch << ", " << i << ", " << j << "]";
      }
    }
  }
  const std::vector<float> threaded = run(kernel, c, 3);
  ASSERT_EQ(std::memcmp(got.data(), threaded.data(), got.size() * sizeof(float)), 0)
      << "the result depends on the number of threads";
}

class GemmKernels : public test::KernelTest<GemmKernel> {};

TEST_P(GemmKernels, RandomShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    check(kernel(), make_case(random, random.integer(1, 70), random.integer(1, 100), random.integer(1, 90)));
  }
}

TEST_P(GemmKernels, DeepSumsTakeSeveralPasses) {
  Random random;
  SCOPED_TRACE(random.trace());
  const int depth = kernel().depth;
  for (const int k : {depth, depth + 1, 3 * depth - 5}) {
    check(kernel(), make_case(random, random.integer(1, 40), random.integer(1, 60), k));
  }
  check(kernel(), make_case(random, random.integer(145, 300), random.integer(1, 60), depth + 5));
}

TEST_P(GemmKernels, TallWideAndVectorShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  check(kernel(), make_case(random, 1, random.integer(100, 300), random.integer(1, 300)));
  check(kernel(), make_case(random, random.integer(200, 300), 1, random.integer(1, 300)));
  check(kernel(), make_case(random, random.integer(200, 300), random.integer(1, 20), 3));
  check(kernel(), make_case(random, 13, 33, 0));
}

// A NaN or an infinity among the inputs must reach the output.
TEST_P(GemmKernels, NanComesThroughTheActivation) {
  for (const Activation& act :
       {Activation::none(), Activation::relu(), Activation::clip(-1, 1), Activation::leaky(0.1F)}) {
    const float a[] = {NAN};
    const float b[] = {1.0F};
    float out = 0;
    GemmArgs args;
    args.m = args.n = args.k = 1;
    args.a = {a, 1, 0, false, false};
    args.b = {b, 1, 0, false, false};
    args.c = &out;
    args.ldc = 1;
    args.act = act;
    std::vector<float> scratch(gemm_scratch_size(args, 1));
    gemm_run(kernel(), args, scratch.data(), test::pool_of(1));
    EXPECT_TRUE(std::isnan(out)) << "activation " << static_cast<int>(act.kind);
  }
}

TENON_FOR_EACH_KERNEL(GemmKernels, gemm_kernels());

TEST(SelectGemm, ObeysTheLevel) { test::expect_selection_by_level(gemm_kernels(), select_gemm); }

}  // namespace
}  // namespace tenon::cpu
