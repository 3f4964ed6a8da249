// Convolutions of bytes by tiles of matrices against their formula.
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "kernels/conv_s8_support.hpp"

namespace tenon::cpu {
namespace {

using test::Random;

using MatrixS8Kernels = test::KernelTest<MatrixS8Kernel>;

void check_matrix(const MatrixS8Kernel& kernel, Random& random, const ConvShape& shape, bool planar) {
  ASSERT_EQ(conv_matrix_s8_refusal(shape, planar), nullptr);
  const ConvS8Configs configs = conv_matrix_s8_configs(shape);
  for (int i = 0; i < configs.count && !testing::Test::HasFatalFailure(); ++i) {
    const S8Case c = random_case(random, shape, planar);
    std::vector<std::int8_t> weights(conv_matrix_s8_packed_size(shape));
    conv_matrix_s8_pack(shape, c.weights.data(), weights.data());
    check_case(
        c, weights, random,
        [&](const ConvS8Args& args, int threads) { return conv_matrix_s8_scratch_size(args, threads); },
        [&](ConvS8Args args, std::byte* scratch, ThreadPool& pool) {
          args.config = configs.configs[i];
          conv_matrix_s8_run(kernel, args, scratch, pool);
        });
  }
}

TEST_P(MatrixS8Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 18);
    s.in_channels = random.integer(1, 150);
    s.out_channels = random.integer(1, 90);
    check_matrix(kernel(), random, s, false);
    s.in_channels = random.integer(1, 4);
    if (!HasFatalFailure()) check_matrix(kernel(), random, s, random.coin());
  }
}

TEST_P(MatrixS8Kernels, FlatImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.batch = random.integer(1, 3);
    s.stride_h = random.integer(1, 2);
    s.stride_w = random.integer(1, 2);
    s.out_h = random.integer(1, 13);
    s.out_w = random.integer(1, 13);
    s.in_h = s.out_h * s.stride_h + random.integer(0, 1);
    s.in_w = s.out_w * s.stride_w + random.integer(0, 1);
    s.pad_top = s.in_h > s.out_h * s.stride_h ? -1 : 0;
    s.in_channels = random.integer(1, 200);
    s.out_channels = random.integer(1, 130);
    check_matrix(kernel(), random, s, false);
  }
}

TEST_P(MatrixS8Kernels, Groups) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 8 && !HasFatalFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 9);
    s.groups = 1 << random.integer(1, 3);
    s.in_channels = s.groups * random.integer(1, 20);
    s.out_channels = s.groups * random.integer(1, 20);
    if (conv_matrix_s8_refusal(s, false) == nullptr) check_matrix(kernel(), random, s, false);
  }
}

// More than a band's worth of input.
TEST_P(MatrixS8Kernels, LargeImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.batch = 2;
  s.in_channels = 200;
  s.out_channels = 17;
  s.in_h = s.out_h = 60;
  s.in_w = s.out_w = 55;
  check_matrix(kernel(), random, s, false);
  s.kernel_h = 1;
  s.kernel_w = 2;
  s.pad_left = 1;
  s.stride_h = 2;
  s.out_h = 30;
  if (!HasFatalFailure()) check_matrix(kernel(), random, s, false);
}

TENON_FOR_EACH_KERNEL(MatrixS8Kernels, matrix_s8_kernels());

TEST(SelectMatrixS8, ObeysTheLevel) {
  test::expect_selection_by_level(matrix_s8_kernels(), select_matrix_s8);
}

}  // namespace
}  // namespace tenon::cpu
