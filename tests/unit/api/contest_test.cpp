#include "api/contest.hpp"

#include "api/backends.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/timing_cache.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tenon {
namespace {

class ContestTest : public ::testing::Test {
 protected:
  ContestTest() {
    options_.cache = &cache_;
    options_.measure = false;
    choice_.best = choose(graph_, builtin_tactics(Device::cpu), builtin_steps(), options_).best;
    // Another assignment of the same nodes.
    choice_.runner_up = choose(graph_, builtin_tactics(Device::reference), builtin_steps(), options_).best;
    options_.measure = true;
  }
  Contest hold() {
    return hold_contest({{&graph_, &choice_.best}, {&graph_, &*choice_.runner_up}}, options_, {});
  }

  Graph graph_ = parse(R"(graph @small(%x: f32[8,64], %i: i64[8]) {
  %t = transpose(%x) {perm=[1,0]} : f32[64,8]
  %g = gather(%t, %i) {axis=0} : f32[8,8]
  %y = softmax(%g) {axis=1} : f32[8,8]
  return %y as "y"
})",
                       builtin_ops());
  TimingCache cache_;
  ChooseOptions options_;
  Choice choice_;
};

TEST_F(ContestTest, IsHeldOnceAndThenDecidedByTheCache) {
  const Contest first = hold();
  ASSERT_EQ(first.ns.size(), 2u);
  EXPECT_EQ(cache_.size(), 2u);
  const Contest again = hold();
  EXPECT_EQ(again.ns, first.ns);
  EXPECT_EQ(again.winner, first.winner);
  EXPECT_EQ(cache_.misses(), 2u);
}

TEST_F(ContestTest, TheRunnerUpWinsWhereItWasFaster) {
  const Contest held = hold();
  ASSERT_EQ(held.ns.size(), 2u);
  for (const bool faster : {true, false}) {
    std::string text = cache_.to_text();
    const std::string time = fmt::format("\t{}\n", held.ns[1]);
    const std::size_t at = text.find(time);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, time.size(), fmt::format("\t{}\n", faster ? held.ns[0] / 2 : held.ns[0] * 0.995));
    TimingCache told = TimingCache::parse(text);
    options_.cache = &told;
    EXPECT_EQ(hold().winner, faster ? 1u : 0u);
  }
}

TEST_F(ContestTest, ARivalBeatsTheWinnerWhereItWasFasterFinished) {
  const Contest contest = hold_contest({{&graph_, &choice_.best}}, options_, {});
  const Contest rival = hold_contest({{&graph_, &*choice_.runner_up}}, options_, {});
  ASSERT_NE(contest.name, rival.name);
  const bool beaten = is_beaten(contest, rival, options_);
  const std::size_t misses = cache_.misses();
  EXPECT_EQ(is_beaten(contest, rival, options_), beaten);
  EXPECT_EQ(cache_.misses(), misses);
  const std::string key = fmt::format("{} finished against {}", contest.name, rival.name);
  for (const double rival_ns : {500.0, 995.0, 2000.0}) {
    TimingCache told;
    told.insert(key, contest.name, 1000);
    told.insert(key, rival.name, rival_ns);
    options_.cache = &told;
    EXPECT_EQ(is_beaten(contest, rival, options_), rival_ns == 500.0) << rival_ns;
  }
  TimingCache none;
  options_.cache = &none;
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_FALSE(is_beaten(contest, rival, options_));
}

TEST_F(ContestTest, WithoutTimeTheBestByItsEstimateWins) {
  options_.deadline = std::chrono::steady_clock::now();
  const Contest contest = hold();
  EXPECT_EQ(contest.winner, 0u);
  EXPECT_TRUE(contest.ns.empty());
  EXPECT_FALSE(contest.plan.profiles[0].steps.empty());
  EXPECT_EQ(cache_.size(), 0u);
}

}  // namespace
}  // namespace tenon
