// Every transposed convolution of bytes that this machine runs against its formula.
#include "backends/cpu/kernels/deconv_s8/deconv_s8.hpp"

#include "backends/cpu/kernels/matrix/by_tap.hpp"
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_s8_support.hpp"
#include "kernels/deconv_support.hpp"

namespace tenon::cpu {
namespace {

using test::Random;
using test::S8Case;

using DeconvS8Kernels = test::KernelTest<ConvS8Kernel>;
using DeconvMatrixS8Kernels = test::KernelTest<MatrixS8Kernel>;

// Scatters, as the operator is usually defined; the kernels gather. c.weights is [in][out / groups][h][w].
std::vector<std::uint32_t> scattered_sums(const S8Case& c) {
  const ConvShape& s = c.shape;
  std::vector<std::uint32_t> sums(static_cast<std::size_t>(s.batch) * s.out_channels * s.out_h * s.out_w);
  const auto plane = static_cast<std::size_t>(s.out_h * s.out_w);
  for (std::size_t i = 0; i < sums.size() && !c.bias.empty(); ++i)
    sums[i] = static_cast<std::uint32_t>(c.bias[i / plane % c.bias.size()]);
  std::size_t from = 0;
  for (int n = 0; n < s.batch; ++n) {
    for (int in = 0; in < s.in_channels; ++in) {
      const int first = in / s.group_in() * s.group_out();
      for (int i = 0; i < s.in_h; ++i) {
        for (int j = 0; j < s.in_w; ++j, ++from) {
          const int value = test::byte_value(c.src[from], c.src_signed) - c.src_zero;
          for (int o = 0; o < s.group_out(); ++o) {
            for (int h = 0; h < s.kernel_h; ++h) {
              for (int w = 0; w < s.kernel_w; ++w) {
                const int y = i * s.stride_h + h * s.dilation_h - s.pad_top;
                const int x = j * s.stride_w + w * s.dilation_w - s.pad_left;
                if (y < 0 || y >= s.out_h || x < 0 || x >= s.out_w) continue;
                const int weight = ((in * s.group_out() + o) * s.kernel_h + h) * s.kernel_w + w;
                sums[static_cast<std::size_t>(((n * s.out_channels + first + o) * s.out_h + y) * s.out_w +
                                              x)] +=
                    static_cast<std::uint32_t>(value * c.weights[static_cast<std::size_t>(weight)]);
              }
            }
          }
        }
      }
    }
  }
  return sums;
}

// With weights as a way to run packed them: scratch(args, threads) and run(args, memory, pool) are the way.
template <class Scratch, class Run>
void check_deconv(const S8Case& c, const std::vector<std::int8_t>& weights, const ConvS8Config& config,
                  Random& random, Scratch scratch, Run run) {
  const ConvShape& s = c.shape;
  SCOPED_TRACE(testing::Message() << "tiles of " << config.pixels << " x " << config.oc_blocks);
  std::vector<std::int32_t> bias(deconv_s8_packed_bias_size(s));
  deconv_s8_pack_bias(s, c.weights.data(), c.bias.empty() ? nullptr : c.bias.data(), c.src_signed, c.src_zero,
                      bias.data());
  const std::vector<std::uint32_t> sums = scattered_sums(c);
  const auto with_config = [&](ConvS8Args args) {
    args.config = config;
    return args;
  };
  test::check_s8_case(
      c, weights, bias, random,
      [&](int n, int o, int y, int x) {
        return static_cast<std::int32_t>(
            sums[static_cast<std::size_t>(((n * s.out_channels + o) * s.out_h + y) * s.out_w + x)]);
      },
      [&](const ConvS8Args& args, int threads) { return scratch(with_config(args), threads); },
      [&](const ConvS8Args& args, std::byte* memory, ThreadPool& pool) {
        run(with_config(args), memory, pool);
      });
}

void check_deconv(const ConvS8Kernel& kernel, const S8Case& c, const ConvS8Config& config, Random& random) {
  std::vector<std::int8_t> weights(conv_s8_packed_size(c.shape));
  deconv_s8_pack(c.shape, c.weights.data(), weights.data());
  check_deconv(
      c, weights, config, random,
      [&](const ConvS8Args& args, int threads) { return deconv_s8_scratch_size(kernel, args, threads); },
      [&](const ConvS8Args& args, std::byte* scratch, ThreadPool& pool) {
        deconv_s8_run(kernel, args, scratch, pool);
      });
}

void check_matrices(const MatrixS8Kernel& kernel, Random& random, const ConvShape& s) {
  ASSERT_EQ(deconv_matrix_s8_refusal(s), nullptr);
  const ConvS8Configs configs = conv_matrix_s8_configs(by_tap(s));
  ASSERT_GE(configs.count, 1);
  for (int i = 0; i < configs.count && !testing::Test::HasFatalFailure(); ++i) {
    const S8Case c = test::random_s8_case(random, s, false);
    std::vector<std::int8_t> weights(deconv_matrix_s8_packed_size(s));
    deconv_matrix_s8_pack(s, c.weights.data(), weights.data());
    check_deconv(
        c, weights, configs.configs[i], random,
        [&](const ConvS8Args& args, int threads) {
          return deconv_matrix_s8_scratch_size(kernel, args, threads);
        },
        [&](const ConvS8Args& args, std::byte* scratch, ThreadPool& pool) {
          deconv_matrix_s8_run(kernel, args, scratch, pool);
        });
  }
}

void check_all(const ConvS8Kernel& kernel, Random& random, ConvShape s) {
  ASSERT_EQ(deconv_s8_refusal(s), nullptr);
  const ConvS8Configs configs = deconv_s8_configs(kernel, s);
  ASSERT_GE(configs.count, 1);
  for (int i = 0; i < configs.count && !testing::Test::HasFatalFailure(); ++i)
    check_deconv(kernel, test::random_s8_case(random, s, false), configs.configs[i], random);
  if (testing::Test::HasFatalFailure()) return;
  ConvS8Config small;
  small.pixels = random.integer(1, 5);
  small.oc_blocks = random.integer(1, 4);
  check_deconv(kernel, test::random_s8_case(random, s, false), small, random);
}

// Sizes that have nothing to do with each other: padding on either side, or outputs that nothing reaches.
TEST_P(DeconvS8Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
    ConvShape s;
    s.batch = random.integer(1, 2);
    s.groups = random.coin() ? 1 : random.integer(2, 4);
    s.in_channels = s.groups * random.integer(1, 40);
    s.out_channels = s.groups * random.integer(1, 40);
    s.kernel_h = random.integer(1, 5);
    s.kernel_w = random.integer(1, 5);
    s.stride_h = random.integer(1, 4);
    s.stride_w = random.integer(1, 4);
    s.dilation_h = random.integer(1, 3);
    s.dilation_w = random.integer(1, 3);
    s.pad_top = random.integer(0, 4);
    s.pad_left = random.integer(0, 4);
    s.in_h = random.integer(1, 6);
    s.in_w = random.integer(1, 12);
    s.out_h = random.integer(1, 20);
    s.out_w = random.integer(1, 40);
    check_all(kernel(), random, s);
  }
}

TEST_P(DeconvS8Kernels, StrideIsTheKernel) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 15 && !HasFatalFailure(); ++i) {
    check_all(kernel(), random, test::random_deconv_by_kernel(random));
  }
}

TEST_P(DeconvMatrixS8Kernels, StrideIsTheKernel) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 15 && !HasFatalFailure(); ++i)
    check_matrices(kernel(), random, test::random_deconv_by_kernel(random));
}

// Results that are cut into several bands.
TEST_P(DeconvMatrixS8Kernels, LargeImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  check_matrices(kernel(), random, test::large_deconv_by_kernel(random));
}

TENON_FOR_EACH_KERNEL(DeconvMatrixS8Kernels, matrix_s8_kernels());
TENON_FOR_EACH_KERNEL(DeconvS8Kernels, deconv_s8_kernels());

TEST(SelectDeconvS8, ObeysTheLevel) {
  test::expect_selection_by_level(deconv_s8_kernels(), select_deconv_s8);
}

TEST(DeconvS8, RefusesStridesWithTooManyClasses) {
  ConvShape s;
  s.stride_h = 17;
  EXPECT_NE(deconv_s8_refusal(s), nullptr);
}

}  // namespace
}  // namespace tenon::cpu
