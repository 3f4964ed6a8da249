#include "api/strip_choice.hpp"

#include "base/cpu_info.hpp"
#include "plan/lowering/strips.hpp"
#include "plan/strips.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/builder.hpp>
#include <tenon/network.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace tenon {
namespace {

// A first layer and its pool, with 16 MiB between them.
Plan plan_to_cut() {
  NetworkBuilder b;
  const NetworkValue x = b.input("x", DataType::f32, {1, 3, 512, 512});
  Tensor weights(DataType::f32, {16, 3, 3, 3});
  std::ranges::fill(weights.mutable_values<float>(), 0.1F);
  const NetworkValue y =
      b.add("conv", {x, b.constant(weights)}, {{"pad", std::vector<std::int64_t>{1, 1, 1, 1}}});
  PoolingOptions options;
  options.stride = {2, 2};
  b.output(b.max_pool(y, {2, 2}, options), "y");
  BuildOptions build_options;
  build_options.threads = 1;
  build_options.measure = false;
  return build(b.network(), build_options).plan();
}

class StripChoiceTest : public ::testing::Test {
 protected:
  StripChoiceTest() { options_.measure = true; }

  bool in_strips(TimingCache& cache) {
    options_.cache = &cache;
    const Plan chosen = in_strips_where_faster(plan_, "a network", options_, 1);
    const auto& steps = chosen.profiles[0].steps;
    return std::any_of(steps.begin(), steps.end(), [](const PlanStep& s) { return s.kind == kStripsStep; });
  }

  // The same measurements, but strips took half of the time of their steps, or twice as much.
  static TimingCache told(const TimingCache& cache, bool faster) {
    std::string text;
    std::istringstream lines(cache.to_text());
    for (std::string line; std::getline(lines, line);) {
      const std::size_t time = line.rfind('\t') + 1;
      const bool strips = line.find("\tstrips\t") != std::string::npos;
      if (strips || line.find("\tsteps\t") != std::string::npos)
        line = line.substr(0, time) + (strips == faster ? "1000" : "2000");
      text += line + '\n';
    }
    return TimingCache::parse(text);
  }

  Plan plan_ = plan_to_cut();
  ChooseOptions options_;
};

TEST_F(StripChoiceTest, ThereIsSomethingToCut) {
  Plan plan = plan_;
  EXPECT_TRUE(cut_into_strips(plan, builtin_steps(), {static_cast<std::int64_t>(cpu_info().l2_bytes), 1}));
}

TEST_F(StripChoiceTest, WhatWasMeasuredOnceDecidesAgain) {
  TimingCache cache;
  const bool first = in_strips(cache);
  ASSERT_GT(cache.size(), 0u);
  const std::size_t misses = cache.misses();
  EXPECT_EQ(in_strips(cache), first);
  EXPECT_EQ(cache.misses(), misses);
}

TEST_F(StripChoiceTest, TheFasterWayIsTaken) {
  TimingCache cache;
  in_strips(cache);
  cache = told(cache, true);
  in_strips(cache);  // may have to measure whole networks now
  cache = told(cache, true);
  EXPECT_TRUE(in_strips(cache));
  cache = told(cache, false);
  EXPECT_FALSE(in_strips(cache));
}

TEST_F(StripChoiceTest, WithoutMeasuringOrTimeThePlanStaysAsItIs) {
  TimingCache cache;
  options_.measure = false;
  EXPECT_FALSE(in_strips(cache));
  options_.measure = true;
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_FALSE(in_strips(cache));
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace tenon
