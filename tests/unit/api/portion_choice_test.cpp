#include "api/portion_choice.hpp"

#include "plan/lowering/portions.hpp"
#include "plan/portions.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/builder.hpp>
#include <tenon/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace tenon {
namespace {

// Three convolutions of four images.
Plan plan_to_divide(std::int64_t batch = 4) {
  NetworkBuilder b;
  NetworkValue y = b.input("x", DataType::f32, {batch, 16, 64, 64});
  for (const double value : {0.1, 0.2, 0.3}) {
    Tensor weights(DataType::f32, {16, 16, 3, 3});
    std::ranges::fill(weights.mutable_values<float>(), static_cast<float>(value));
    y = b.add("conv", {y, b.constant(weights)}, {{"pad", std::vector<std::int64_t>{1, 1, 1, 1}}});
  }
  b.output(y, "y");
  BuildOptions options;
  options.threads = 1;
  options.measure = false;
  return build(b.network(), options).plan();
}

class PortionChoiceTest : public ::testing::Test {
 protected:
  PortionChoiceTest() { options_.measure = true; }

  bool in_portions(TimingCache& cache, const Plan& plan = plan_to_divide()) {
    options_.cache = &cache;
    const Plan chosen = in_portions_where_faster(plan, "a network", options_, 1);
    const auto& steps = chosen.profiles[0].steps;
    return std::any_of(steps.begin(), steps.end(), [](const PlanStep& s) { return s.kind == kPortionsStep; });
  }

  // The same measurements, but single images took half of the time of everything else, or twice as much.
  static TimingCache told(const TimingCache& cache, bool faster) {
    std::string text;
    std::istringstream lines(cache.to_text());
    for (std::string line; std::getline(lines, line);) {
      const std::size_t time = line.rfind('\t');
      if (line.find(" in portions\t") != std::string::npos) {
        const std::size_t name = line.rfind('\t', time - 1) + 1;
        const std::string what = line.substr(name, time - name);
        const bool portions = what.ends_with(" by 1") || what.starts_with("1 ");
        line = line.substr(0, time + 1) + (portions == faster ? "100000000" : "200000000");
      }
      text += line + '\n';
    }
    return TimingCache::parse(text);
  }

  ChooseOptions options_;
};

TEST_F(PortionChoiceTest, WhatWasMeasuredOnceDecidesAgain) {
  TimingCache cache;
  const bool first = in_portions(cache);
  ASSERT_GT(cache.size(), 0U);
  const std::size_t misses = cache.misses();
  EXPECT_EQ(in_portions(cache), first);
  EXPECT_EQ(cache.misses(), misses);
}

TEST_F(PortionChoiceTest, TheFasterWayIsTaken) {
  TimingCache cache;
  in_portions(cache);
  cache = told(cache, true);
  in_portions(cache);  // may have to measure whole networks now
  cache = told(cache, true);
  EXPECT_TRUE(in_portions(cache));
  cache = told(cache, false);
  EXPECT_FALSE(in_portions(cache));
}

TEST_F(PortionChoiceTest, OneImageIsNotDivided) {
  TimingCache cache;
  EXPECT_FALSE(in_portions(cache, plan_to_divide(1)));
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(PortionChoiceTest, WithoutMeasuringOrTimeThePlanStaysAsItIs) {
  TimingCache cache;
  options_.measure = false;
  EXPECT_FALSE(in_portions(cache));
  options_.measure = true;
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_FALSE(in_portions(cache));
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace tenon
