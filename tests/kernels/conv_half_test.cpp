// Every convolution of 16-bit floats that this machine runs against its formula, with every config offered
// and some that are not.
#include "backends/cpu/kernels/conv_half/conv_half.hpp"

#include "backends/cpu/kernels/band/walk.hpp"
#include "backends/cpu/kernels/conv_half/form.hpp"
#include "backends/cpu/kernels/conv_half/scaled.hpp"
#include "backends/cpu/kernels/matrix_bf16/conv_matrix_bf16.hpp"
#include "kernels/conv_half_support.hpp"

namespace tenon::cpu {
namespace {

using test::check_way;
using test::ConvData;
using test::ExactSum;
using test::Random;

using ConvHalfKernels = test::KernelTest<ConvHalfKernel>;
using ConvMatrixBf16Kernels = test::KernelTest<MatrixBf16Kernel>;

std::vector<ExactSum> conv_sums(const ConvShape& s, const ConvData& d) {
  std::vector<ExactSum> sums;
  for (int plane = 0; plane < s.batch * s.out_channels; ++plane) {
    for (int pixel = 0; pixel < s.out_h * s.out_w; ++pixel) {
      sums.push_back(test::exact_conv(s, d, plane / s.out_channels, plane % s.out_channels, pixel / s.out_w,
                                      pixel % s.out_w));
    }
  }
  return sums;
}

struct HalfByVectors {
  static std::vector<ExactSum> sums(const ConvShape& s, const ConvData& d) { return conv_sums(s, d); }
  DataType type() const { return kernel.type; }
  static std::size_t packed_size(const ConvShape& s) { return conv_half_packed_size(s); }
  void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) const {
    conv_half_pack(s, type(), weights, packed);
  }
  std::size_t scratch(const ConvHalfArgs& args, int threads) const {
    return conv_half_scratch_size(kernel, args, threads);
  }
  void run(const ConvHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    conv_half_run(kernel, args, memory, pool);
  }
  const ConvHalfKernel& kernel;
};

struct ScaledByVectors : HalfByVectors {
  static constexpr bool kScaled = true;
  static std::size_t packed_size(const ConvShape& s) {
    return scaled_f16_size(conv_half_packed_size(s), s.out_channels);
  }
  static void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
    conv_f16_scaled_pack(s, weights, packed);
  }
  void run(ConvHalfArgs args, std::byte* memory, ThreadPool& pool) const {
    args.factors = scaled_f16_factors(args.weights, conv_half_packed_size(args.shape));
    conv_half_run(kernel, args, memory, pool);
  }
};

struct HalfByMatrices {
  static std::vector<ExactSum> sums(const ConvShape& s, const ConvData& d) { return conv_sums(s, d); }
  static DataType type() { return DataType::bf16; }
  static std::size_t packed_size(const ConvShape& s) { return conv_matrix_bf16_packed_size(s); }
  static void pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
    conv_matrix_bf16_pack(s, weights, packed);
  }
  std::size_t scratch(const ConvHalfArgs& args, int threads) const {
    return conv_matrix_bf16_scratch_size(kernel, args, threads);
  }
  void run(const ConvHalfArgs& args, std::byte* memory, ThreadPool& pool) const {
    conv_matrix_bf16_run(kernel, args, memory, pool);
  }
  const MatrixBf16Kernel& kernel;
};

void check_half(Random& random, const ConvHalfKernel& kernel, const ConvShape& s,
                const ConvHalfConfig& config, bool planar = false) {
  if (kernel.chained || (kernel.type == DataType::f16 && random.coin())) {
    check_way(random, ScaledByVectors{{kernel}}, s, config, planar);
  } else {
    check_way(random, HalfByVectors{kernel}, s, config, planar);
  }
}

// With each order of loops.
void check_matrices(Random& random, const MatrixBf16Kernel& kernel, const ConvShape& s, bool planar) {
  ASSERT_EQ(conv_matrix_bf16_refusal(s, planar), nullptr);
  const ConvHalfConfigs configs = conv_matrix_bf16_configs(s);
  for (int i = 0; i < configs.count && !testing::Test::HasFailure(); ++i)
    check_way(random, HalfByMatrices{kernel}, s, configs.configs[i], planar);
}

ConvHalfConfig random_config(Random& random, const ConvHalfKernel& kernel) {
  ConvHalfConfig c;
  c.oc_blocks = random.integer(1, 4);
  c.pixels = random.integer(1, kernel.max_pixels(1));
  c.oc_inner = random.coin();
  return c;
}

// Multiplies nothing, and notes which of the lines of `watched_bytes` a tile asks for.
std::span<const std::byte> watched_bytes;
std::vector<int> asked_lines;
void note_half_lines(const ConvHalfTile& t, int, int) noexcept {
  constexpr int kGroupsOfBlock = kChannelBlock / kHalfGroup;
  const int groups = ((t.blocks - 1) * kGroupsOfBlock + t.last_groups) * t.taps_h * t.taps_w * t.tiles;
  for (int i = 0; t.far_step != 0 && i < groups; ++i) {
    const std::ptrdiff_t at = t.far + i * t.far_step - watched_bytes.data();
    if (at >= 0 && at < std::ssize(watched_bytes)) ++asked_lines[static_cast<std::size_t>(at / 64)];
  }
}

TEST(ConvHalfAhead, AsksForEveryLine) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvHalfKernel noting = *select_conv_half(isa(), DataType::bf16);
  noting.tile = note_half_lines;
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    ConvHalfArgs args;
    ConvShape& s = args.shape;
    s = test::random_window(random, 3, 14);
    s.batch = random.integer(1, 2);
    s.in_channels = random.integer(1, 100);
    s.out_channels = random.integer(1, 100);
    args.config = random_config(random, noting);
    const int threads = random.integer(1, 3);
    const auto lines = static_cast<int>(conv_half_lines_ahead(noting, args));
    ASSERT_GT(lines, 0);
    const auto wanted = static_cast<std::size_t>(random.integer(1, lines));
    const std::vector<std::byte> memory(wanted * 64);
    watched_bytes = args.ahead = memory;
    asked_lines.assign(wanted, 0);
    const auto bytes_of = [&](int channels, int h, int w) {
      return static_cast<std::size_t>(s.batch * channel_blocks(channels) * kChannelBlock * h * w) * 2;
    };
    std::vector<std::byte> src(bytes_of(s.in_channels, s.in_h, s.in_w)),
        dst(bytes_of(s.out_channels, s.out_h, s.out_w)),
        scratch(conv_half_scratch_size(noting, args, threads));
    std::vector<std::uint16_t> weights(conv_half_packed_size(s));
    args.src = src.data();
    args.dst = dst.data();
    args.weights = weights.data();
    // Units are those of as many threads, one after the other.
    const BandWalk<HalfForm> walk(noting, args, scratch.data(), threads);
    for (std::ptrdiff_t unit = 0; unit < walk.units(); ++unit) walk.run(unit, 0);
    SCOPED_TRACE(testing::Message() << test::describe(s) << ", " << wanted << " of " << lines << " lines");
    EXPECT_EQ(std::count(asked_lines.begin(), asked_lines.end(), 0), 0);
  }
}

TEST_P(ConvHalfKernels, RandomShapesAndConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 5, 16);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    check_half(random, kernel(), s, random_config(random, kernel()));
  }
}

TEST_P(ConvHalfKernels, Groups) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 16 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 10);
    s.groups = random.integer(2, 6);
    const bool whole = random.coin();
    s.in_channels = s.groups * (whole ? kChannelBlock * random.integer(1, 2) : random.integer(1, 20));
    s.out_channels = s.groups * (whole ? kChannelBlock * random.integer(1, 3) : random.integer(1, 20));
    check_half(random, kernel(), s, random_config(random, kernel()));
  }
}

TEST_P(ConvHalfKernels, PointwiseShapes) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    ConvShape s;
    s.in_channels = random.integer(1, 100);
    s.out_channels = random.integer(1, 100);
    s.in_h = s.out_h = random.integer(1, 12);
    s.in_w = s.out_w = random.integer(1, 12);
    check_half(random, kernel(), s, random_config(random, kernel()));
  }
}

TEST_P(ConvHalfKernels, PlainImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 7, 40);
    s.in_channels = random.integer(1, 4);
    s.out_channels = random.integer(1, 70);
    check_half(random, kernel(), s, random_config(random, kernel()), true);
  }
}

TEST_P(ConvHalfKernels, OfferedConfigs) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 8 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 3, 24);
    s.in_channels = random.integer(1, 40);
    s.out_channels = random.integer(1, 90);
    const ConvHalfConfigs offered = conv_half_configs(kernel(), s);
    ASSERT_GE(offered.count, 1);
    for (int c = 0; c < offered.count; ++c) check_half(random, kernel(), s, offered.configs[c]);
  }
}

// A band's copy has a limit, beyond which bands are several.
TEST_P(ConvHalfKernels, SeveralBands) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.in_channels = 512;
  s.out_channels = 20;
  s.in_h = s.in_w = s.out_h = s.out_w = 18;
  s.kernel_h = s.kernel_w = 3;
  s.pad_top = s.pad_left = 1;
  check_half(random, kernel(), s, conv_half_configs(kernel(), s).configs[0]);
  s.kernel_h = s.kernel_w = 1;
  s.pad_top = s.pad_left = 0;
  s.out_channels = 50;
  check_half(random, kernel(), s, {kernel().max_pixels(1), 1, false});
}

TENON_FOR_EACH_KERNEL(ConvHalfKernels, conv_half_kernels());

TEST_P(ConvMatrixBf16Kernels, RandomWindows) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, 5, 18);
    s.in_channels = random.integer(1, 90);
    s.out_channels = random.integer(1, 90);
    check_matrices(random, kernel(), s, random.coin());
    s.in_channels = random.integer(1, 4);
    if (!HasFailure()) check_matrices(random, kernel(), s, random.coin());
  }
}

TEST_P(ConvMatrixBf16Kernels, GroupsAndFlatImages) {
  Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 16 && !HasFailure(); ++i) {
    ConvShape s = test::random_window(random, i % 2 ? 1 : 3, 10);
    s.groups = random.integer(1, 5);
    const bool whole = random.coin();
    s.in_channels = s.groups * (whole ? kChannelBlock * random.integer(1, 3) : random.integer(1, 20));
    s.out_channels = s.groups * (whole ? kChannelBlock * random.integer(1, 3) : random.integer(1, 20));
    check_matrices(random, kernel(), s, false);
  }
}

// Sums of many steps, over several bands and images.
TEST_P(ConvMatrixBf16Kernels, ManySteps) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.batch = 3;
  s.in_channels = 400;
  s.out_channels = 40;
  s.in_h = s.in_w = s.out_h = s.out_w = 12;
  check_matrices(random, kernel(), s, false);
  s.batch = 1;
  s.in_channels = 130;
  s.kernel_h = s.kernel_w = 3;
  s.pad_top = s.pad_left = 1;
  check_matrices(random, kernel(), s, false);
}

// More than a band's worth of pixels, of bands that stay in either cache.
TEST_P(ConvMatrixBf16Kernels, ManyPixels) {
  Random random;
  SCOPED_TRACE(random.trace());
  ConvShape s;
  s.batch = 2;
  s.in_channels = 100;
  s.out_channels = 50;
  s.in_h = s.out_h = 21;
  s.in_w = s.out_w = 19;
  EXPECT_EQ(conv_matrix_bf16_configs(s).count, 3);
  check_matrices(random, kernel(), s, false);
  check_matrices(random, kernel(), s, true);
  s.stride_h = s.stride_w = 2;
  s.in_h = 42;
  s.in_w = 37;
  check_matrices(random, kernel(), s, false);
}

// What scratch memory held, and what is next to a window, must not come in by weights of zero.
TEST_P(ConvMatrixBf16Kernels, MemoryBesideChannelsDoesNotCount) {
  for (const int channels : {3, 16, 48}) {
    for (const int taps : {1, 3}) {
      ConvShape s;
      s.in_channels = channels;
      s.out_channels = 16;
      s.in_h = s.in_w = 9;
      s.kernel_h = s.kernel_w = taps;
      s.out_h = s.out_w = 10 - taps;
      const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w;
      std::vector<std::uint16_t> src(static_cast<std::size_t>(channel_blocks(channels) * 81 * kChannelBlock));
      std::vector<std::uint16_t> weights(conv_matrix_bf16_packed_size(s));
      const std::vector<float> zeros(static_cast<std::size_t>(16 * channels * taps * taps));
      conv_matrix_bf16_pack(s, zeros.data(), weights.data());
      std::vector<float> dst(static_cast<std::size_t>(pixels * kChannelBlock), 1.0F);
      ConvHalfArgs args;
      args.shape = s;
      args.src = src.data();
      args.weights = weights.data();
      args.dst = dst.data();
      args.dst_single = true;
      std::vector<std::byte> memory(conv_matrix_bf16_scratch_size(kernel(), args, 1) + 64);
      std::fill(memory.begin(), memory.end(), std::byte{0xff});  // NaN
      auto* scratch = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64;
      conv_matrix_bf16_run(kernel(), args, scratch, test::pool_of(1));
      EXPECT_EQ(dst, std::vector<float>(dst.size())) << channels << " channels, " << taps << " taps";
    }
  }
}

TENON_FOR_EACH_KERNEL(ConvMatrixBf16Kernels, matrix_bf16_kernels());

TEST(SelectMatrixBf16, ObeysTheLevel) {
  test::expect_selection_by_level(matrix_bf16_kernels(), select_matrix_bf16);
}

TEST(SelectConvHalf, ObeysLevelAndType) {
  for (const ConvHalfKernel& kernel : conv_half_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    const ConvHalfKernel* selected = kernel.chained ? select_conv_half_chained(kernel.info.isa)
                                                    : select_conv_half(kernel.info.isa, kernel.type);
    EXPECT_EQ(selected, &kernel) << kernel.info.name;
  }
  EXPECT_EQ(select_conv_half(Isa::portable, DataType::f32), nullptr);
}

TEST(ConvHalf, RefusesPlainImagesOfManyChannels) {
  ConvShape s;
  s.in_channels = 5;
  s.out_channels = 8;
  EXPECT_STREQ(conv_half_refusal(s, true), "plain images have at most 4 channels");
  EXPECT_EQ(conv_half_refusal(s, false), nullptr);
}

// One weight for each place says where it is packed.
TEST(ConvHalf, PacksPairsOfChannels) {
  ConvShape s;
  s.in_channels = 5;
  s.out_channels = 18;
  s.kernel_w = 2;
  std::vector<float> weights(5 * 18 * 2);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i + 1);
  std::vector<std::uint16_t> packed(conv_half_packed_size(s));
  ASSERT_EQ(packed.size(), 2U * 2 * 3 * 16 * 2);
  conv_half_pack(s, DataType::bf16, weights.data(), packed.data());
  std::size_t at = 0;
  for (std::size_t block = 0; block < 2; ++block) {
    for (std::size_t tap = 0; tap < 2; ++tap) {
      for (std::size_t pair = 0; pair < 3; ++pair) {
        for (std::size_t i = 0; i < 32; ++i, ++at) {
          const std::size_t o = block * 16 + i / 2, c = pair * 2 + i % 2;
          const float expected = o < 18 && c < 5 ? weights[(o * 5 + c) * 2 + tap] : 0.0F;
          ASSERT_EQ(static_cast<float>(bfloat16::from_bits(packed[at])), expected) << at;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
