#include "plan/ahead.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon {
namespace {

std::vector<Tensor> weights_of(std::initializer_list<std::int64_t> floats) {
  std::vector<Tensor> weights;
  for (const std::int64_t count : floats) weights.emplace_back(DataType::f32, Shape{count});
  return weights;
}

TEST(ConstantsAhead, AreThoseThatOutweighTheOperands) {
  const auto weights = weights_of({64, 100'000});
  const auto all = constants_ahead(weights, 400'000 / 32, 1);
  EXPECT_EQ(all.data(), weights[1].data());
  EXPECT_EQ(all.size(), 400'000U);
  EXPECT_TRUE(constants_ahead(weights, 400'000 / 32 + 1, 1).empty());
}

TEST(ConstantsAhead, MoreThreadsWaitSooner) {
  const auto weights = weights_of({100'000});
  EXPECT_TRUE(constants_ahead(weights, 400'000 / 16, 1).empty());
  EXPECT_FALSE(constants_ahead(weights, 400'000 / 16, 2).empty());
}

TEST(ConstantsAhead, LeaveRoomInTheCache) {
  const auto weights = weights_of({16 << 20});
  const auto some = constants_ahead(weights, 1000, 1);
  EXPECT_EQ(some.data(), weights[0].data());
  EXPECT_LT(some.size(), weights[0].size_bytes());
  EXPECT_TRUE(constants_ahead({}, 0, 1).empty());
}

}  // namespace
}  // namespace tenon
