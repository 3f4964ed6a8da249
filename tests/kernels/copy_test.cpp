// Concat, split and gather as copies of blocks.
#include "backends/cpu/kernels/copy/copy.hpp"

#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace tenon::cpu {
namespace {

TEST(CopyBlocks, ConcatenatesAndSplits) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 40; ++round) {
    const bool is_small = round % 4 == 1;
    const int outer = random.integer(1, is_small ? 9000 : 6);
    std::vector<std::vector<float>> parts;
    std::ptrdiff_t row = 0;
    for (int i = random.integer(1, 5); i > 0; --i) {
      const int length = random.integer(0, is_small ? 9 : round % 5 == 0 ? 30000 : 60);
      parts.push_back(random.reals(static_cast<std::size_t>(outer * length)));
      row += length;
    }
    test::GuardedBuffer joined(static_cast<std::size_t>(outer * row));
    const auto copies = [&](bool join, std::vector<std::vector<float>>& to) {
      std::vector<BlockCopy> list;
      std::ptrdiff_t at = 0;
      for (std::vector<float>& part : to) {
        const auto length = static_cast<std::ptrdiff_t>(part.size()) / outer;
        BlockCopy copy{part.data(), length * 4, joined.data() + at, row * 4, length * 4, outer};
        if (!join) copy = {copy.dst, row * 4, part.data(), length * 4, length * 4, outer};
        list.push_back(copy);
        at += length;
      }
      return list;
    };
    copy_blocks(copies(true, parts), test::pool_of(3));
    ASSERT_TRUE(joined.intact());
    std::ptrdiff_t at = 0;
    for (const std::vector<float>& part : parts) {
      const auto length = static_cast<std::ptrdiff_t>(part.size()) / outer;
      for (std::ptrdiff_t e = 0; e < outer * length; ++e) {
        ASSERT_EQ(joined.data()[e / length * row + at + e % length], part[static_cast<std::size_t>(e)]);
      }
      at += length;
    }
    std::vector<std::vector<float>> back;
    for (const std::vector<float>& part : parts) back.emplace_back(part.size());
    copy_blocks(copies(false, back), test::pool_of(3));
    ASSERT_EQ(back, parts);
  }
}

TEST(Gather, ReadsRowsFromEitherEnd) {
  std::vector<std::int32_t> table(2 * 5 * 3);
  std::iota(table.begin(), table.end(), 0);
  const std::int64_t indices[] = {4, -5, 0, -1};
  std::vector<std::int32_t> out(2 * 4 * 3, -1);
  GatherArgs args{table.data(), out.data(), indices, 4, 2, 5, 3 * 4};
  EXPECT_TRUE(gather_run(args, test::pool_of(2)));
  for (int o = 0; o < 2; ++o) {
    for (int i = 0; i < 4; ++i) {
      const auto row = static_cast<int>(indices[i] < 0 ? indices[i] + 5 : indices[i]);
      for (int b = 0; b < 3; ++b)
        EXPECT_EQ(out[static_cast<std::size_t>((o * 4 + i) * 3 + b)], (o * 5 + row) * 3 + b);
    }
  }
}

TEST(Gather, RefusesAnIndexOutsideTheAxis) {
  const std::int32_t table[5] = {};
  for (const std::int64_t bad : {std::int64_t{5}, std::int64_t{-6}, INT64_MAX, INT64_MIN}) {
    const std::int64_t indices[] = {0, bad};
    std::int32_t out[2] = {7, 7};
    EXPECT_FALSE(gather_run({table, out, indices, 2, 1, 5, 4}, test::pool_of(1)));
    EXPECT_EQ(out[0], 7);
  }
}

}  // namespace
}  // namespace tenon::cpu
