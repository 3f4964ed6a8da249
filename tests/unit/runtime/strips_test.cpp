// Steps that are cut into strips give what they give on whole images, saved and loaded too.
#include "plan/lowering/strips.hpp"

#include "networks.hpp"
#include "plan/plan.hpp"
#include "plan/strips.hpp"
#include "runtime/builtin_steps.hpp"

#include <tenon/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace tenon {
namespace {

using Pads = std::vector<std::int64_t>;

// A first layer, a pool, an expanding, a depthwise and a projecting convolution, a sum with what is older,
// strides and padding of several kinds.
Network float_network() {
  NetworkBuilder b;
  const auto weights = [&](const Shape& shape, std::uint64_t seed) {
    return b.constant(test::random_tensor(shape, seed));
  };
  const NetworkValue x = b.input("x", "f32[N,3,61,37]");
  b.symbol_range("N", 1, 3);
  NetworkValue y =
      b.add("conv", {x, weights({20, 3, 4, 3}, 1)}, {{"pad", Pads{1, 0, 0, 1}}, {"stride", Pads{2, 1}}});
  y = b.activation("relu", y);
  const NetworkValue pooled =
      b.add("max_pool", {y}, {{"kernel", Pads{3, 2}}, {"stride", Pads{1, 2}}, {"pad", Pads{1, 0, 1, 0}}});
  y = b.add("conv", {pooled, weights({35, 20, 1, 1}, 2), weights({35}, 6)});
  y = b.clip(y, -0.5F, 1.5F);
  y = b.add("conv", {y, weights({35, 1, 3, 3}, 3)},
            {{"pad", Pads{2, 2, 2, 2}}, {"dilation", Pads{2, 2}}, {"group", std::int64_t{35}}});
  y = b.activation("relu", y);
  y = b.elementwise("add", b.add("conv", {y, weights({20, 35, 1, 1}, 4)}), pooled);
  y = b.add("conv", {y, weights({8, 20, 3, 3}, 5)}, {{"pad", Pads{1, 1, 1, 1}}, {"stride", Pads{3, 2}}});
  b.output(
      b.add("average_pool", {y}, {{"kernel", Pads{2, 2}}, {"pad", Pads{0, 1, 1, 0}}, {"stride", Pads{2, 1}}}),
      "y");
  return b.network();
}

Network integer_network() {
  NetworkBuilder b;
  const NetworkValue x = b.input("x", "u8[2,5,33,19]");
  NetworkValue y = b.add(
      "quantized_conv", {x, b.constant(test::random_bytes(DataType::i8, {37, 5, 3, 3}, 7)), b.scalar(0.0005)},
      {{"pad", Pads{1, 1, 1, 1}},
       {"x_zero", std::int64_t{3}},
       {"y_zero", std::int64_t{5}},
       {"output_dtype", DataType::u8}});
  y = b.add("quantized_conv",
            {y, b.constant(test::random_bytes(DataType::i8, {20, 37, 5, 3}, 8)), b.scalar(0.0009)},
            {{"pad", Pads{2, 1, 2, 1}},
             {"stride", Pads{2, 1}},
             {"x_zero", std::int64_t{5}},
             {"y_zero", std::int64_t{-7}}});
  b.output(b.max_pool(y, {2, 2}), "y");
  return b.network();
}

Engine built(const Network& network, int threads) {
  BuildOptions options;
  options.threads = threads;
  options.measure = false;
  if (network.inputs().at(0).dtype == DataType::f32)
    options.shapes["x"] = {{1, 3, 61, 37}, {2, 3, 61, 37}, {3, 3, 61, 37}};
  return build(network, options);
}

Tensor run(const Engine& engine, const Tensor& x, bool profiling = false) {
  Context context = engine.create_context();
  context.set_profiling(profiling);
  context.set_input("x", x);
  context.run();
  return context.output("y").clone();
}

struct Case {
  int threads;
  std::int64_t cache_bytes;

  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.threads << " threads, a cache of " << c.cache_bytes << " bytes";
  }
};

class Strips : public ::testing::TestWithParam<Case> {
 protected:
  StripOptions options() const { return {GetParam().cache_bytes, GetParam().threads, true, {}}; }
};

TEST_P(Strips, OfFloatsGiveWhatWholeImagesGive) {
  const Engine whole = built(float_network(), GetParam().threads);
  Plan plan = whole.plan();
  ASSERT_TRUE(cut_into_strips(plan, builtin_steps(), options()));
  EXPECT_LT(plan.profiles[0].steps.size(), whole.plan().profiles[0].steps.size());
  for (const PlanStep* strips : test::steps_of_kind(plan, kStripsStep))
    EXPECT_GE(strips->bodies.size(), 2u) << strips->label;
  const Engine cut = Engine::from_plan(plan);
  const Engine loaded = Engine::deserialize(cut.serialize());
  EXPECT_EQ(loaded.dump(), cut.dump());
  for (const std::int64_t batch : {1, 3, 2}) {
    const Tensor x = test::random_tensor({batch, 3, 61, 37}, static_cast<std::uint64_t>(batch));
    const Tensor expected = run(whole, x);
    EXPECT_LT(test::relative_difference(run(cut, x), expected), 1e-5);
    EXPECT_LT(test::relative_difference(run(loaded, x, true), expected), 1e-5);
  }
}

TEST_P(Strips, OfIntegersGiveTheSameBits) {
  const Engine whole = built(integer_network(), GetParam().threads);
  Plan plan = whole.plan();
  ASSERT_TRUE(cut_into_strips(plan, builtin_steps(), options()));
  const Tensor x = test::random_bytes(DataType::u8, {2, 5, 33, 19}, 3);
  EXPECT_TRUE(run(Engine::from_plan(plan), x).identical(run(whole, x)));
}

TEST_P(Strips, TimesOfTheStepsInThemAreKnown) {
  Plan plan = built(float_network(), GetParam().threads).plan();
  ASSERT_TRUE(cut_into_strips(plan, builtin_steps(), options()));
  const Engine engine = Engine::from_plan(std::move(plan));
  Context context = engine.create_context();
  context.set_profiling(true);
  context.set_input("x", test::random_tensor({2, 3, 61, 37}, 1));
  context.run();
  const auto times = context.step_times();
  ASSERT_EQ(times.size(), engine.steps().size());
  std::uint64_t inside = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (engine.steps()[i].depth > 0) inside += times[i].runs;
  }
  EXPECT_GT(inside, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, Strips,
                         ::testing::Values(Case{1, 1 << 17}, Case{1, 1 << 19}, Case{2, 1 << 17},
                                           Case{3, 1 << 18}));

TEST(StripsPlan, NothingIsCutThatFitsIntoTheCacheOrIsNotTaken) {
  Plan plan = built(float_network(), 1).plan();
  EXPECT_FALSE(cut_into_strips(plan, builtin_steps(), {std::int64_t{1} << 40, 1, false, {}}));
  EXPECT_FALSE(
      cut_into_strips(plan, builtin_steps(), {1 << 18, 1, true, [](const PlanStep&) { return false; }}));
  EXPECT_TRUE(test::steps_of_kind(plan, kStripsStep).empty());
}

TEST(StripsPlan, DamagedOnesAreRefused) {
  Plan plan = built(float_network(), 1).plan();
  ASSERT_TRUE(cut_into_strips(plan, builtin_steps(), {1 << 17, 1, true, {}}));
  const auto at = std::ranges::find(plan.profiles[0].steps, kStripsStep, &PlanStep::kind);
  ASSERT_NE(at, plan.profiles[0].steps.end());
  const auto damaged = [&](std::string_view name, std::size_t strip, std::int64_t value) {
    Plan copy = plan;
    PlanStep& step = copy.profiles[0].steps[static_cast<std::size_t>(at - plan.profiles[0].steps.begin())];
    for (Attribute& param : step.params) {
      if (param.name == name) std::get<std::vector<std::int64_t>>(param.value).at(strip) = value;
    }
    const Engine engine = Engine::from_plan(std::move(copy));
    run(engine, test::random_tensor({1, 3, 61, 37}, 1));
  };
  EXPECT_NO_THROW(damaged("row", 0, 0));
  EXPECT_THROW(damaged("row", 0, 1), ModelError);
  EXPECT_THROW(damaged("row0", 1, 1000), ModelError);
  EXPECT_THROW(damaged("row0", 1, -1), ModelError);
  EXPECT_THROW(damaged("body", 0, 99), ModelError);
}

}  // namespace
}  // namespace tenon
