// Every transposed convolution of 16-bit floats that this machine runs against its formula, with every config
// offered and one that is not.
#include "backends/cpu/kernels/conv_half/scaled.hpp"
#include "backends/cpu/kernels/conv_half/transposed.hpp"
#include "backends/cpu/kernels/matrix/by_tap.hpp"
#include "backends/cpu/kernels/matrix_bf16/conv_matrix_bf16.hpp"
#include "kernels/conv_half_support.hpp"
#include "kernels/deconv_support.hpp"

namespace tenon::cpu {
namespace {

using test::Random;

using DeconvHalfKernels = test::KernelTest<ConvHalfKernel>;
using DeconvMatrixBf16Kernels = test::KernelTest<MatrixBf16Kernel>;

struct HalfTransposed {
  static std::vector<test::ExactSum> sums(const ConvShape& s, const test::ConvData& d) {
    return test::exact_deconv(s, d);
  }
  DataType type() const { return kernel.type; }
  static std::size_t packed_size(const ConvShape& s) { return conv_half_packed_size(s); }
  void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) const {
    deconv_half_pack(s, type(), weights, packed);
  }
  std::size_t scratch(const ConvHalfArgs& args, int threads) const {
    return deconv_half_scratch_size(kernel, args, threads);
  }
  void run(const ConvHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    deconv_half_run(kernel, args, memory, pool);
  }
  const ConvHalfKernel& kernel;
};

struct ScaledTransposed : HalfTransposed {
  static constexpr bool kScaled = true;
  static std::size_t packed_size(const ConvShape& s) {
    return scaled_f16_size(conv_half_packed_size(s), s.out_channels);
  }
  static void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
    deconv_f16_scaled_pack(s, weights, packed);
  }
  void run(ConvHalfArgs args, std::byte* memory, ThreadPool& pool) const {
    args.factors = scaled_f16_factors(args.weights, conv_half_packed_size(args.shape));
    deconv_half_run(kernel, args, memory, pool);
  }
};

struct Bf16TransposedMatrix {
  static std::vector<test::ExactSum> sums(const ConvShape& s, const test::ConvData& d) {
    return test::exact_deconv(s, d);
  }
  static DataType type() { return DataType::bf16; }
  static std::size_t packed_size(const ConvShape& s) { return deconv_matrix_bf16_packed_size(s); }
  static void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
    deconv_matrix_bf16_pack(s, weights, packed);
  }
  std::size_t scratch(const ConvHalfArgs& args, int threads) const {
    return deconv_matrix_bf16_scratch_size(kernel, args, threads);
  }
  void run(const ConvHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    deconv_matrix_bf16_run(kernel, args, memory, pool);
  }
  const MatrixBf16Kernel& kernel;
};

void check_matrices(Random& random, const MatrixBf16Kernel& kernel, const ConvShape& s) {
  ASSERT_EQ(deconv_matrix_bf16_refusal(s), nullptr);
  const ConvHalfConfigs configs = conv_matrix_bf16_configs(by_tap(s));
  ASSERT_GE(configs.count, 1);
  for (int i = 0; i < configs.count && !testing::Test::HasFailure(); ++i)
    test::check_way(random, Bf16TransposedMatrix{kernel}, s, configs.configs[i], false);
}

void check_all(Random& random, const ConvHalfKernel& kernel, const ConvShape& s) {
  const ConvHalfConfigs configs = deconv_half_configs(kernel, s);
  ASSERT_GE(configs.count, 1);
  const auto check = [&](const ConvHalfConfig& config) {
    if (kernel.chained || (kernel.type == DataType::f16 && random.coin())) {
      test::check_way(random, ScaledTransposed{{kernel}}, s, config, false);
    } else {
      test::check_way(random, HalfTransposed{kernel}, s, config, false);
    }
  };
  for (int i = 0; i < configs.count && !testing::Test::HasFailure(); ++i) check(configs.configs[i]);
  ConvHalfConfig small;
  small.pixels = random.integer(1, 5);
  small.oc_blocks = random.integer(1, 4);
  check(small);
}

TEST_P(DeconvHalfKernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    ConvShape s = test::random_deconv_window(random);
    s.groups = random.coin() ? 1 : random.integer(2, 4);
    s.in_channels = s.groups * random.integer(1, 40);
    s.out_channels = s.groups * random.integer(1, 40);
    check_all(random, kernel(), s);
  }
}

TEST_P(DeconvHalfKernels, StrideIsTheKernel) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    check_all(random, kernel(), test::random_deconv_by_kernel(random));
  }
}

TEST_P(DeconvMatrixBf16Kernels, StrideIsTheKernel) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 15 && !HasFailure(); ++i)
    check_matrices(random, kernel(), test::random_deconv_by_kernel(random));
}

// Results that are cut into several bands.
TEST_P(DeconvMatrixBf16Kernels, LargeImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  check_matrices(random, kernel(), test::large_deconv_by_kernel(random));
}

TEST(DeconvMatrixBf16, RefusesWindowsThatDoNotTouch) {
  ConvShape s = test::deconv_by_kernel(2, 3, 5, 7);
  s.in_channels = s.out_channels = 1;
  EXPECT_EQ(deconv_matrix_bf16_refusal(s), nullptr);
  ConvShape overlapping = s;
  overlapping.kernel_w = 4;
  overlapping.out_w += 1;
  EXPECT_NE(deconv_matrix_bf16_refusal(overlapping), nullptr);
  ConvShape cut = s;
  cut.pad_top = 1;
  cut.out_h -= 1;
  EXPECT_NE(deconv_matrix_bf16_refusal(cut), nullptr);
  ConvShape longer = s;
  longer.out_h += 1;
  EXPECT_NE(deconv_matrix_bf16_refusal(longer), nullptr);
}

TENON_FOR_EACH_KERNEL(DeconvMatrixBf16Kernels, matrix_bf16_kernels());
TENON_FOR_EACH_KERNEL(DeconvHalfKernels, conv_half_kernels());

}  // namespace
}  // namespace tenon::cpu
