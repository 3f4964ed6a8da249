#include "plan/memory_planner.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace tenon {
namespace {

void expect_valid(const std::vector<MemoryRequest>& requests, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % kArenaAlignment, 0u);
    EXPECT_LE(plan.offsets[i] + requests[i].bytes, plan.arena_bytes);
    for (std::size_t j = 0; j < i; ++j) {
      const bool together = requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
      if (!together || requests[i].bytes == 0 || requests[j].bytes == 0) continue;
      const bool apart = plan.offsets[i] + requests[i].bytes <= plan.offsets[j] ||
                         plan.offsets[j] + requests[j].bytes <= plan.offsets[i];
      EXPECT_TRUE(apart) << "requests " << i << " and " << j << " share memory";
    }
  }
  EXPECT_GE(plan.arena_bytes, plan.floor_bytes);
}

TEST(MemoryPlanner, ReusesMemoryAlongAChain) {
  // Each step reads one buffer and writes the next: two live at a time.
  std::vector<MemoryRequest> requests;
  for (std::uint32_t i = 0; i < 10; ++i) requests.push_back({640, i, i + 1});
  const MemoryPlan plan = plan_memory(requests);
  expect_valid(requests, plan);
  EXPECT_EQ(plan.floor_bytes, 1280u);
  EXPECT_EQ(plan.arena_bytes, 1280u);
}

TEST(MemoryPlanner, KeepsAResidualAlive) {
  const std::vector<MemoryRequest> requests = {{1000, 0, 3}, {2000, 1, 2}, {500, 2, 3}};
  const MemoryPlan plan = plan_memory(requests);
  expect_valid(requests, plan);
  EXPECT_EQ(plan.floor_bytes, 1024u + 2048u + 512u);
}

TEST(MemoryPlanner, EmptyAndZeroSized) {
  EXPECT_EQ(plan_memory({}).arena_bytes, 0u);
  const MemoryPlan plan = plan_memory({{0, 0, 5}, {64, 1, 1}});
  EXPECT_EQ(plan.arena_bytes, 64u);
}

TEST(MemoryPlanner, RandomLifetimesNeverOverlap) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<MemoryRequest> requests;
    for (int i = 0; i < 40; ++i) {
      const auto first = static_cast<std::uint32_t>(random.between(0, 30));
      requests.push_back({static_cast<std::uint64_t>(random.between(0, 5000)), first,
                          first + static_cast<std::uint32_t>(random.between(0, 8))});
    }
    const MemoryPlan plan = plan_memory(requests);
    expect_valid(requests, plan);
    // Far from the floor would mean that the heuristic is broken, not unlucky.
    EXPECT_LE(plan.arena_bytes, plan.floor_bytes * 3 / 2);
  }
}

}  // namespace
}  // namespace tenon
