// Steps that take a batch in portions give what they give on all of it, saved and loaded too.
#include "plan/lowering/portions.hpp"

#include "networks.hpp"
#include "plan/plan.hpp"
#include "plan/portions.hpp"
#include "runtime/builtin_steps.hpp"

#include <tenon/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace tenon {
namespace {

constexpr std::int64_t kBatch = 6;
using Padding = std::vector<std::int64_t>;

// A block with a gate over channels, two ways that are joined, a sum with what is older, pixels doubled; then
// a product that sees the batch as rows, and a norm over the batch. Two results are given out, one of them
// from the middle.
Network network_of_floats() {
  NetworkBuilder b;
  const auto weights = [&](const Shape& shape, std::uint64_t seed) {
    return b.constant(test::random_tensor(shape, seed));
  };
  const NetworkValue x = b.input("x", DataType::f32, {kBatch, 3, 17, 13});
  NetworkValue y = b.add("conv", {x, weights({20, 3, 3, 3}, 1)}, {{"pad", Padding{1, 1, 1, 1}}});
  const NetworkValue first = b.activation("relu", y);
  const NetworkValue gate =
      b.activation("sigmoid", b.add("conv", {b.global_average_pool(first), weights({20, 20, 1, 1}, 2)}));
  y = b.elementwise("mul", first, gate);
  y = b.concat({y, b.max_pool(first, {3, 3}, {{1, 1}, {1, 1, 1, 1}})}, 1);
  y = b.add("conv", {y, weights({20, 40, 3, 3}, 3)}, {{"pad", Padding{1, 1, 1, 1}}});
  y = b.elementwise("add", y, first);
  b.output(y, "middle");
  y = b.softmax(b.reduce("mean", b.elementwise("mul", y, weights({20, 1, 1}, 4)), {3}, false), 1);
  y = b.matmul(b.reshape(y, {kBatch, 20 * 17}), weights({20 * 17, 5}, 5));
  b.output(b.elementwise("sub", y, b.reduce("mean", y, {0}, true)), "y");
  return b.network();
}

// A layer of a language model: rows normalized, three products side by side, attention under a mask of each
// sequence, products with a residual and with an activation; heads as an axis of their own besides.
Network network_of_sequences() {
  constexpr std::int64_t kWords = 7, kWidth = 32, kHeads = 4;
  NetworkBuilder b;
  const auto weights = [&](const Shape& shape, std::uint64_t seed) {
    return b.constant(test::random_tensor(shape, seed));
  };
  const NetworkValue x = b.input("x", DataType::f32, {kBatch, kWords, kWidth});
  const NetworkValue rows = b.layer_norm(x, weights({kWidth}, 1), weights({kWidth}, 2));
  const auto heads = [&](std::uint64_t seed) {
    const NetworkValue y =
        b.elementwise("add", b.matmul(rows, weights({kWidth, kWidth}, seed)), weights({kWidth}, seed + 1));
    return b.transpose(b.reshape(y, {kBatch, kWords, kHeads, kWidth / kHeads}), {0, 2, 1, 3});
  };
  const NetworkValue mask = b.reshape(b.reduce("mean", x, {2}, false), {kBatch, 1, 1, kWords});
  const NetworkValue scores =
      b.softmax(b.elementwise("add", b.matmul(heads(3), heads(5), false, true), mask), 3);
  NetworkValue y = b.transpose(b.matmul(scores, heads(7)), {0, 2, 1, 3});
  y = b.matmul(b.reshape(y, {kBatch, kWords, kWidth}), weights({kWidth, kWidth}, 9));
  y = b.activation("gelu", b.matmul(b.elementwise("add", y, x), weights({kWidth, 40}, 10)));
  b.output(y, "y");
  return b.network();
}

Network network_of_bytes() {
  NetworkBuilder b;
  const NetworkValue x = b.input("x", DataType::u8, {kBatch, 5, 15, 11});
  NetworkValue y = b.add(
      "quantized_conv", {x, b.constant(test::random_bytes(DataType::i8, {37, 5, 3, 3}, 7)), b.scalar(0.0005)},
      {{"pad", Padding{1, 1, 1, 1}},
       {"x_zero", std::int64_t{3}},
       {"y_zero", std::int64_t{5}},
       {"output_dtype", DataType::u8}});
  y = b.max_pool(y, {2, 2});
  y = b.dequantize(y, b.scalar(0.02));
  b.output(b.activation("tanh", y), "y");
  return b.network();
}

Engine built_for_batch(const Network& network, int threads, bool halves = false) {
  BuildOptions options;
  if (halves) options.half.types = {DataType::bf16};
  options.threads = threads;
  options.measure = false;
  return build(network, options);
}

std::vector<std::int64_t> divided_wherever(const Plan& plan, std::int64_t images) {
  std::vector<std::int64_t> all;
  for (const bool divisible : divisible_steps(plan, builtin_steps(), images))
    all.push_back(divisible ? images : 0);
  return all;
}

std::vector<Tensor> results_of(const Engine& engine, const Tensor& x, bool profiling = false) {
  Context context = engine.create_context();
  context.set_profiling(profiling);
  context.set_input("x", x);
  context.run();
  std::vector<Tensor> outputs;
  for (const TensorInfo& output : engine.outputs()) outputs.push_back(context.output(output.name).clone());
  return outputs;
}

struct PortionCase {
  int threads;
  std::int64_t images;

  friend std::ostream& operator<<(std::ostream& out, const PortionCase& c) {
    return out << c.threads << " threads, " << c.images << " images";
  }
};

class Portions : public ::testing::TestWithParam<PortionCase> {
 protected:
  Plan divided(const Engine& whole) const {
    Plan plan = whole.plan();
    divide_batch(plan, builtin_steps(), divided_wherever(plan, GetParam().images), GetParam().threads);
    return plan;
  }
};

TEST_P(Portions, OfFloatsGiveWhatTheBatchGives) {
  const Engine whole = built_for_batch(network_of_floats(), GetParam().threads);
  const Plan plan = divided(whole);
  ASSERT_FALSE(test::steps_of_kind(plan, kPortionsStep).empty());
  EXPECT_GE(test::steps_of_kind(plan, kPortionsStep)[0]->bodies.at(0).steps.size(), 7U);
  const Engine engine = Engine::from_plan(plan);
  const Engine loaded = Engine::deserialize(engine.serialize());
  EXPECT_EQ(loaded.dump(), engine.dump());
  for (const std::uint64_t seed : {1, 2}) {
    const Tensor x = test::random_tensor({kBatch, 3, 17, 13}, seed);
    const std::vector<Tensor> expected = results_of(whole, x), found = results_of(engine, x),
                              again = results_of(loaded, x, true);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT(test::relative_difference(found[i], expected[i]), 1e-5) << i;
      EXPECT_TRUE(again[i].identical(found[i])) << i;
    }
  }
}

TEST_P(Portions, OfSequencesGiveTheSameBits) {
  for (const bool halves : {false, true}) {
    const Engine whole = built_for_batch(network_of_sequences(), GetParam().threads, halves);
    const Plan plan = divided(whole);
    ASSERT_EQ(plan.profiles[0].steps.size(), 1U);
    const Tensor x = test::random_tensor({kBatch, 7, 32}, 3);
    EXPECT_TRUE(results_of(Engine::from_plan(plan), x)[0].identical(results_of(whole, x)[0])) << halves;
  }
}

TEST_P(Portions, OfIntegersGiveTheSameBits) {
  const Engine whole = built_for_batch(network_of_bytes(), GetParam().threads);
  const Plan plan = divided(whole);
  ASSERT_EQ(test::steps_of_kind(plan, kPortionsStep).size(), 1U);
  const Tensor x = test::random_bytes(DataType::u8, {kBatch, 5, 15, 11}, 3);
  EXPECT_TRUE(results_of(Engine::from_plan(plan), x)[0].identical(results_of(whole, x)[0]));
}

INSTANTIATE_TEST_SUITE_P(All, Portions,
                         ::testing::Values(PortionCase{1, 1}, PortionCase{1, 3}, PortionCase{2, 1},
                                           PortionCase{2, 2}, PortionCase{4, 1}));

TEST(PortionsPlan, StepsThatSeeTheWholeBatchAreNotDivided) {
  const Engine whole = built_for_batch(network_of_floats(), 1);
  const std::vector<bool> divisible = divisible_steps(whole.plan(), builtin_steps(), 1);
  const auto& steps = whole.plan().profiles[0].steps;
  ASSERT_EQ(divisible.size(), steps.size());
  EXPECT_TRUE(divisible.front());
  EXPECT_FALSE(divisible.back()) << steps.back().op;  // what the mean over the batch is taken from
}

TEST(PortionsPlan, ABatchThatCannotBeDividedStaysWhole) {
  const Plan plan = built_for_batch(network_of_floats(), 1).plan();
  for (const std::int64_t images : {std::int64_t{0}, std::int64_t{4}, kBatch, 2 * kBatch}) {
    const std::vector<bool> divisible = divisible_steps(plan, builtin_steps(), images);
    EXPECT_TRUE(std::ranges::find(divisible, true) == divisible.end()) << images;
  }
}

TEST(PortionsPlan, TimesOfTheStepsInThemAreKnown) {
  Plan plan = built_for_batch(network_of_floats(), 2).plan();
  divide_batch(plan, builtin_steps(), divided_wherever(plan, 2), 2);
  const Engine engine = Engine::from_plan(std::move(plan));
  Context context = engine.create_context();
  context.set_profiling(true);
  context.set_input("x", test::random_tensor({kBatch, 3, 17, 13}, 1));
  context.run();
  for (std::size_t i = 0; i < engine.steps().size(); ++i) {
    if (engine.steps()[i].depth == 0) continue;
    EXPECT_EQ(context.step_times()[i].runs, 3U) << i;
  }
}

TEST(PortionsPlan, DamagedOnesAreRefused) {
  Plan plan = built_for_batch(network_of_floats(), 1).plan();
  divide_batch(plan, builtin_steps(), divided_wherever(plan, 2), 1);
  const auto at = std::ranges::find(plan.profiles[0].steps, kPortionsStep, &PlanStep::kind);
  ASSERT_NE(at, plan.profiles[0].steps.end());
  const auto damaged = [&](auto change) {
    Plan copy = plan;
    change(copy.profiles[0].steps[static_cast<std::size_t>(at - plan.profiles[0].steps.begin())]);
    const Engine engine = Engine::from_plan(std::move(copy));
    results_of(engine, test::random_tensor({kBatch, 3, 17, 13}, 1));
  };
  const auto set_images = [](PlanStep& step, std::int64_t images) {
    StepList& body = step.bodies[0];
    Buffer& buffer = body.buffers[body.inputs[0].buffer.value];
    TensorType type = buffer.type.as_tensor();
    (*type.dims)[0] = Dim(images);
    buffer.type = std::move(type);
  };
  EXPECT_NO_THROW(damaged([](PlanStep&) {}));
  EXPECT_THROW(damaged([&](PlanStep& step) { set_images(step, 1); }), ModelError);
  EXPECT_THROW(damaged([&](PlanStep& step) { set_images(step, 0); }), ModelError);
  EXPECT_THROW(damaged([&](PlanStep& step) { set_images(step, 4); }), ModelError);
  EXPECT_THROW(damaged([](PlanStep& step) { step.bodies[0].inputs.pop_back(); }), ModelError);
  EXPECT_THROW(damaged([](PlanStep& step) { step.bodies.clear(); }), ModelError);
}

}  // namespace
}  // namespace tenon
