// Every reorder kernel this machine runs; nothing is rounded, so results are compared exactly.
#include "backends/cpu/kernels/reorder/reorder.hpp"

#include "kernels/s8_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

namespace tenon::cpu {
namespace {

class ReorderKernels : public test::KernelTest<ReorderKernel> {};

std::size_t blocked_position(const BlockingArgs& args, std::ptrdiff_t n, std::ptrdiff_t c, std::ptrdiff_t p) {
  const std::ptrdiff_t block = n * channel_blocks(args.channels) + c / kChannelBlock;
  return static_cast<std::size_t>((block * args.spatial + p) * kChannelBlock + c % kChannelBlock);
}

TEST_P(ReorderKernels, BlocksAndBack) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    BlockingArgs args;
    args.batch = random.integer(1, 3);
    args.channels = random.integer(1, 70);
    args.spatial = random.integer(1, i % 6 == 0 ? 1500 : 60);
    SCOPED_TRACE(testing::Message() << args.channels << " channels, " << args.spatial << " pixels");
    const std::ptrdiff_t stored = channel_blocks(args.channels) * kChannelBlock;
    const auto planar_size = static_cast<std::size_t>(args.batch * args.channels * args.spatial);
    const auto blocked_size = static_cast<std::size_t>(args.batch * stored * args.spatial);
    const std::vector<float> x = random.reals(planar_size);
    test::GuardedBuffer blocked(blocked_size);
    args.src = x.data();
    args.dst = blocked.data();
    to_blocked_run(kernel(), args, test::pool_of(3));
    ASSERT_TRUE(blocked.intact());
    for (std::ptrdiff_t e = 0; e < args.batch * stored * args.spatial; ++e) {
      const std::ptrdiff_t n = e / args.spatial / stored, c = e / args.spatial % stored, p = e % args.spatial;
      const float want =
          c < args.channels ? x[static_cast<std::size_t>((n * args.channels + c) * args.spatial + p)] : 0.0F;
      ASSERT_EQ(blocked.data()[blocked_position(args, n, c, p)], want) << "channel " << c << " pixel " << p;
    }
    test::GuardedBuffer back(planar_size);
    args.src = blocked.data();
    args.dst = back.data();
    from_blocked_run(kernel(), args, test::pool_of(3));
    ASSERT_TRUE(back.intact());
    ASSERT_EQ(std::memcmp(back.data(), x.data(), planar_size * sizeof(float)), 0);
  }
}

constexpr DataType kStoredTypes[] = {DataType::f32, DataType::bf16, DataType::f16};

const char* label(DataType type) {
  return type == DataType::f32 ? "f32" : type == DataType::bf16 ? "bf16" : "f16";
}

float value_of(const std::vector<std::uint32_t>& memory, DataType type, std::size_t i) {
  std::uint32_t word = 0;
  const auto bytes = static_cast<std::size_t>(float_bytes(type));
  std::memcpy(&word, reinterpret_cast<const std::byte*>(memory.data()) + i * bytes, bytes);
  if (type == DataType::bf16)
    return static_cast<float>(bfloat16::from_bits(static_cast<std::uint16_t>(word)));
  if (type == DataType::f16) return static_cast<float>(float16::from_bits(static_cast<std::uint16_t>(word)));
  return std::bit_cast<float>(word);
}

std::uint32_t bits_of(const std::vector<std::uint32_t>& memory, DataType type, std::size_t i) {
  std::uint32_t word = 0;
  const auto bytes = static_cast<std::size_t>(float_bytes(type));
  std::memcpy(&word, reinterpret_cast<const std::byte*>(memory.data()) + i * bytes, bytes);
  return word;
}

std::uint32_t rounded_bits(float value, DataType type) {
  if (type == DataType::bf16) return bfloat16(value).bits;
  return type == DataType::f16 ? float16(value).bits : std::bit_cast<std::uint32_t>(value);
}

// Every upper half of a float, among them all subnormal numbers, infinities and NaNs of 16 bits, before a few
// lower halves: ties of both types, and their neighbours.
std::vector<std::uint32_t> telling_words() {
  std::vector<std::uint32_t> words;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const std::uint32_t lower :
         {0x0000U, 0x0001U, 0x0FFFU, 0x1000U, 0x1001U, 0x3000U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      words.push_back(upper << 16 | lower);
    }
  }
  return words;
}

TEST_P(ReorderKernels, RoundsToNearestEven) {
  const std::vector<std::uint32_t> words = telling_words();
  for (const DataType type : {DataType::bf16, DataType::f16}) {
    std::vector<std::uint32_t> result(words.size() / 2 + 1, 0x5BADBADU);
    convert_run(kernel(),
                {words.data(), result.data(), static_cast<std::ptrdiff_t>(words.size()), DataType::f32, type},
                test::pool_of(2));
    for (std::size_t i = 0; i < words.size(); ++i) {
      ASSERT_EQ(bits_of(result, type, i), rounded_bits(std::bit_cast<float>(words[i]), type))
          << label(type) << " of the float " << std::hex << words[i];
    }
    EXPECT_EQ(result.back(), 0x5BADBADU) << "wrote behind the result";
  }
}

// All numbers of 16 bits.
TEST_P(ReorderKernels, ConvertsBetweenAllTypes) {
  std::vector<std::uint32_t> codes;
  for (std::uint32_t code = 0; code < 0x10000; code += 2) codes.push_back((code + 1) << 16 | code);
  constexpr std::size_t kCount = 0x10000 - 5;
  for (const DataType from : {DataType::bf16, DataType::f16}) {
    for (const DataType to : kStoredTypes) {
      std::vector<std::uint32_t> result(kCount + 1);
      convert_run(kernel(), {codes.data(), result.data(), kCount, from, to}, test::pool_of(2));
      for (std::size_t i = 0; i < kCount; ++i) {
        // A NaN that signals may have been made quiet on the way.
        if (std::isnan(value_of(codes, from, i))) {
          ASSERT_TRUE(std::isnan(value_of(result, to, i)))
              << label(from) << " to " << label(to) << " of " << i;
        } else {
          ASSERT_EQ(bits_of(result, to, i), rounded_bits(value_of(codes, from, i), to))
              << label(from) << " to " << label(to) << " of " << i;
        }
      }
    }
  }
}

TEST_P(ReorderKernels, BlocksAndRounds) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 90 && !HasFatalFailure(); ++i) {
    BlockingArgs args;
    args.batch = random.integer(1, 2);
    args.channels = random.integer(1, 50);
    args.spatial = random.integer(1, i % 6 == 0 ? 1100 : 40);
    args.src_type = kStoredTypes[i % 3];
    args.dst_type = kStoredTypes[i / 3 % 3];
    SCOPED_TRACE(testing::Message() << args.channels << " channels, " << args.spatial << " pixels, "
                                    << label(args.src_type) << " to " << label(args.dst_type));
    const std::ptrdiff_t stored = channel_blocks(args.channels) * kChannelBlock;
    const auto planar_size = static_cast<std::size_t>(args.batch * args.channels * args.spatial);
    const auto blocked_size = static_cast<std::size_t>(args.batch * stored * args.spatial);
    const std::vector<float> x = random.reals(planar_size);
    std::vector<std::uint32_t> source(planar_size), blocked(blocked_size + 1), back(planar_size + 1);
    const auto planar_count = static_cast<std::ptrdiff_t>(planar_size);
    convert_run(kernel(), {x.data(), source.data(), planar_count, DataType::f32, args.src_type},
                test::pool_of(1));
    args.src = source.data();
    args.dst = blocked.data();
    to_blocked_run(kernel(), args, test::pool_of(3));
    for (std::ptrdiff_t e = 0; e < args.batch * stored * args.spatial; ++e) {
      const std::ptrdiff_t n = e / args.spatial / stored, c = e / args.spatial % stored, p = e % args.spatial;
      const auto from = static_cast<std::size_t>((n * args.channels + c) * args.spatial + p);
      const std::uint32_t want =
          c < args.channels ? rounded_bits(value_of(source, args.src_type, from), args.dst_type) : 0;
      ASSERT_EQ(bits_of(blocked, args.dst_type, blocked_position(args, n, c, p)), want)
          << "channel " << c << " pixel " << p;
    }
    EXPECT_EQ(bits_of(blocked, args.dst_type, blocked_size), 0U) << "wrote behind the result";
    args.src = blocked.data();
    args.dst = back.data();
    std::swap(args.src_type, args.dst_type);
    from_blocked_run(kernel(), args, test::pool_of(3));
    for (std::size_t e = 0; e < planar_size; ++e) {
      const float once = value_of(source, args.dst_type, e);
      const std::uint32_t rounded = rounded_bits(once, args.src_type);
      const std::vector<std::uint32_t> one{rounded};
      ASSERT_EQ(bits_of(back, args.dst_type, e), rounded_bits(value_of(one, args.src_type, 0), args.dst_type))
          << "element " << e;
    }
    EXPECT_EQ(bits_of(back, args.dst_type, planar_size), 0U) << "wrote behind the result";
  }
}

TEST(ReorderBytes, BlocksAndBack) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !testing::Test::HasFatalFailure(); ++i) {
    ByteBlockingArgs args;
    args.batch = random.integer(1, 3);
    args.channels = random.integer(1, 70);
    args.spatial = random.integer(1, i % 6 == 0 ? 1500 : 60);
    SCOPED_TRACE(testing::Message() << args.channels << " channels, " << args.spatial << " pixels");
    const auto count = static_cast<std::size_t>(args.batch * args.channels * args.spatial);
    const auto x = test::random_bytes(random, count);
    std::vector<std::uint8_t> expected = test::block_bytes(random, x, static_cast<int>(args.batch),
                                                           static_cast<int>(args.channels), args.spatial);
    test::GuardedBytes blocked(expected.size()), back(count);
    args.src = x.data();
    args.dst = blocked.data();
    to_blocked_run(args, test::pool_of(3));
    ASSERT_TRUE(blocked.intact());
    for (std::size_t e = 0; e < expected.size(); ++e) {
      const std::ptrdiff_t lane = static_cast<std::ptrdiff_t>(e) % kChannelBlock;
      const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(e) / kChannelBlock / args.spatial;
      const std::ptrdiff_t channel = block % channel_blocks(args.channels) * kChannelBlock + lane;
      ASSERT_EQ(blocked.at<std::uint8_t>(e), channel < args.channels ? expected[e] : 0) << "element " << e;
    }
    args.src = blocked.data();
    args.dst = back.data();
    from_blocked_run(args, test::pool_of(3));
    ASSERT_TRUE(back.intact());
    ASSERT_EQ(std::memcmp(back.data(), x.data(), count), 0);
  }
}

template <class T>
void check_transpose(const ReorderKernel& kernel, test::Random& random) {
  const int rank = random.integer(1, 6);
  std::vector<std::ptrdiff_t> dims;
  for (int d = 0; d < rank; ++d) dims.push_back(random.integer(1, rank <= 2 ? 200 : rank <= 3 ? 40 : 7));
  std::vector<int> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  for (std::size_t d = permutation.size(); d-- > 1;) {
    std::swap(permutation[d], permutation[static_cast<std::size_t>(random.integer(0, static_cast<int>(d)))]);
  }
  SCOPED_TRACE(testing::Message() << sizeof(T) << " bytes, dims " << testing::PrintToString(dims)
                                  << " permutation " << testing::PrintToString(permutation));
  std::size_t count = 1;
  for (const std::ptrdiff_t d : dims) count *= static_cast<std::size_t>(d);
  std::vector<T> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<T>(i * 2654435761U);
  constexpr std::size_t kGuard = 64;
  std::vector<T> out(count + 2 * kGuard, T{77});
  const TransposeTask task = transpose_prepare(dims, permutation, sizeof(T));
  transpose_run(kernel, {&task, x.data(), out.data() + kGuard}, test::pool_of(3));
  std::vector<std::ptrdiff_t> strides(dims.size());
  std::ptrdiff_t stride = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= dims[d];
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto rest = static_cast<std::ptrdiff_t>(i);
    std::ptrdiff_t from = 0;
    for (std::size_t d = dims.size(); d-- > 0;) {
      const auto source = static_cast<std::size_t>(permutation[d]);
      from += rest % dims[source] * strides[source];
      rest /= dims[source];
    }
    ASSERT_EQ(out[kGuard + i], x[static_cast<std::size_t>(from)]) << "element " << i;
  }
  EXPECT_TRUE(std::all_of(out.begin(), out.begin() + kGuard, [](T v) { return v == T{77}; }));
  EXPECT_TRUE(std::all_of(out.end() - kGuard, out.end(), [](T v) { return v == T{77}; }));
}

TEST_P(ReorderKernels, Transposes) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 50 && !HasFatalFailure(); ++i) {
    check_transpose<std::uint8_t>(kernel(), random);
    check_transpose<std::uint16_t>(kernel(), random);
    check_transpose<std::uint32_t>(kernel(), random);
    check_transpose<std::uint64_t>(kernel(), random);
  }
}

TEST(TransposePrepare, MergesDimensionsThatStayTogether) {
  const std::ptrdiff_t dims[] = {2, 3, 1, 5, 7};
  const int to_last[] = {0, 2, 3, 4, 1};  // NCHW to NHWC with H = 1 and two trailing dimensions
  const TransposeTask task = transpose_prepare(dims, to_last, 4);
  EXPECT_EQ(task.rank, 3);
  EXPECT_EQ(task.dims[1], 35);
  EXPECT_EQ(task.form, TransposeTask::Form::tiles);
  const int same[] = {0, 1, 2, 3, 4};
  EXPECT_EQ(transpose_prepare(dims, same, 4).rank, 1);
  const std::ptrdiff_t empty[] = {2, 0, 3};
  const int swapped[] = {2, 1, 0};
  EXPECT_EQ(transpose_prepare(empty, swapped, 4).units, 0);
}

TEST(ClearPadding, TouchesNothingElse) {
  BlockingArgs args;
  args.batch = 2;
  args.channels = 19;
  args.spatial = 13;
  std::vector<float> x(static_cast<std::size_t>(2 * 2 * 13 * kChannelBlock), 1.0F);
  clear_padding(x.data(), sizeof(float), args.batch, args.channels, args.spatial, test::pool_of(2));
  for (std::ptrdiff_t n = 0; n < 2; ++n) {
    for (std::ptrdiff_t c = 0; c < 32; ++c) {
      for (std::ptrdiff_t p = 0; p < 13; ++p) {
        EXPECT_EQ(x[blocked_position(args, n, c, p)], c < 19 ? 1.0F : 0.0F);
      }
    }
  }
}

TENON_FOR_EACH_KERNEL(ReorderKernels, reorder_kernels());

TEST(SelectReorder, ObeysTheLevel) { test::expect_selection_by_level(reorder_kernels(), select_reorder); }

}  // namespace
}  // namespace tenon::cpu
