// Plugins in engines: devices, sizes known before and while running, errors, untrusted plans.
#include "plan/plan.hpp"
#include "sample_plugins.hpp"
#include "support/allocations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>

namespace tenon {
namespace {

using test::error_of;
using test::expect_contains;
using test::floats;
using test::to_vector;

struct PluginRun : testing::TestWithParam<Device> {
  void SetUp() override { test::register_sample_plugins(); }
  BuildOptions options() const {
    BuildOptions options;
    options.device = GetParam();
    options.threads = 2;
    options.measure = false;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Devices, PluginRun, testing::Values(Device::cpu, Device::reference),
                         [](const auto& device) {
                           return device.param == Device::cpu ? "cpu" : "reference";
                         });

Network affine_network() {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", DataType::f32, {"N", 3});
  net.output(net.add("test:Affine:1", {net.add("neg", {x})}, {{"offset", 5}}, "affine"), "y");
  return net.network();
}

TEST_P(PluginRun, FollowsShapesAndSurvivesThePlan) {
  BuildOptions with_shapes = options();
  with_shapes.shapes["x"] = {{1, 3}, {4, 3}, {100, 3}};
  const Engine built = build(affine_network(), with_shapes);
  const Engine engine = Engine::deserialize(built.serialize());
  const std::vector<StepInfo> steps = engine.steps();
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(),
                          [&](const StepInfo& step) {
                            return step.tactic ==
                                   (GetParam() == Device::cpu ? "plugin.cpu" : "plugin.reference");
                          }),
            1);
  Context context = engine.create_context();
  for (const std::int64_t n : {1, 100, 7}) {
    const Tensor x(DataType::f32, {n, 3});
    const Tensor ones = [&] {
      Tensor tensor = x.clone();
      for (float& value : tensor.mutable_values<float>()) value = 1.5F;
      return tensor;
    }();
    context.set_input("x", ones);
    context.run();
    EXPECT_EQ(to_vector(context.output("y")), std::vector<float>(static_cast<std::size_t>(3 * n), 2.0F));
  }
}

TEST_P(PluginRun, SaysSizesThatDependOnData) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", DataType::f32, {"N", 2});
  const NetworkValues rows = net.add_all("test:PositiveRows:1", {x});
  EXPECT_EQ(rows[0].type(), "f32[?,2]");
  // A plugin behind it gets memory of a size that is known only now.
  net.output(net.add("test:Affine:1", {rows[0]}), "rows");
  net.output(rows[1], "count");
  BuildOptions with_shapes = options();
  with_shapes.shapes["x"] = {{1, 2}, {3, 2}, {5, 2}};
  Context context = build(net.network(), with_shapes).create_context();
  context.set_input("x", floats({3, 2}, {1, 2, -3, 4, 5, 6}));
  context.run();
  EXPECT_EQ(context.output("rows").shape(), (Shape{2, 2}));
  EXPECT_EQ(to_vector(context.output("rows")), (std::vector<float>{3, 5, 11, 13}));
  EXPECT_EQ(context.output("count").values<std::int64_t>()[0], 2);
  context.set_input("x", floats({2, 2}, {-1, 2, -3, 4}));
  context.run();
  EXPECT_EQ(context.output("rows").shape(), (Shape{0, 2}));
}

TEST_P(PluginRun, InfersFromValues) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2]");
  const NetworkValue times = net.input("times", "i64[1]");
  const NetworkValue image = net.input("image", DataType::f32, {"N", 1});
  net.output(net.add("test:Repeat:1", {x, net.constant(std::array<std::int64_t, 1>{3})}), "constant");
  const NetworkValue computed = net.slice(net.add("shape", {image}), {0}, {1});
  const NetworkValue known = net.add("test:Repeat:1", {x, computed});
  EXPECT_EQ(known.type(), "f32[N,2]");
  net.output(known, "known");
  const NetworkValue open = net.add("test:Repeat:1", {x, times});
  EXPECT_EQ(open.type(), "f32[?,2]");
  net.output(open, "open");
  BuildOptions with_shapes = options();
  with_shapes.shapes["image"] = {{1, 1}, {2, 1}, {4, 1}};
  Context context = build(net.network(), with_shapes).create_context();
  context.set_input("x", floats({2}, {1, 2}));
  context.set_input("image", floats({2, 1}, {0, 0}));
  for (const std::int64_t n : {2, 0, 3}) {
    context.set_input("times", Tensor::of<std::int64_t>({1}, std::array{n}));
    context.run();
    EXPECT_EQ(to_vector(context.output("constant")), (std::vector<float>{1, 2, 1, 2, 1, 2}));
    EXPECT_EQ(to_vector(context.output("known")), (std::vector<float>{1, 2, 1, 2}));
    EXPECT_EQ(context.output("open").shape(), (Shape{n, 2}));
  }
}

TEST_P(PluginRun, StandsInBodiesAndIsFolded) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2]");
  const NetworkValue condition = net.input("condition", "bool[]");
  net.output(net.if_else(
                 condition, [&] { return NetworkValues{net.add("test:Affine:1", {x})}; },
                 [&] { return NetworkValues{x}; })[0],
             "chosen");
  net.output(net.add("test:Affine:1", {net.constant(floats({1}, {4}))}), "folded");
  Context context = build(net.network(), options()).create_context();
  context.set_input("x", floats({2}, {1, 2}));
  context.set_input("condition", Tensor::of<bool>({}, std::array{true}));
  context.run();
  EXPECT_EQ(to_vector(context.output("chosen")), (std::vector<float>{3, 5}));
  EXPECT_EQ(to_vector(context.output("folded")), (std::vector<float>{9}));
  expect_contains(optimize(net.network()).to_text(), "constant {value=f32[1] [9]}");
}

Network faulty_network(const char* where) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[100]");
  net.output(net.add("test:Faulty:1", {x}, {{"where", where}}), "y");
  return net.network();
}

TEST_P(PluginRun, ExceptionsBecomeStatuses) {
  const auto run_status = [&](const char* where) {
    Context context = build(faulty_network(where), options()).create_context();
    context.set_input("x", Tensor(DataType::f32, {100}));
    context.prepare();
    Stream stream;
    const Status queued = context.enqueue(stream);
    EXPECT_TRUE(queued.ok());
    return stream.synchronize();
  };
  Status status = run_status("kernel");
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  expect_contains(std::string(status.message()), "test:Faulty:1: thrown by the kernel");
  status = run_status("body");
  EXPECT_EQ(status.code(), StatusCode::internal);
  expect_contains(std::string(status.message()), "thrown by a task");
  status = run_status("unknown");
  EXPECT_EQ(status.code(), StatusCode::internal);
  status = run_status("dtype");
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  status = run_status("allocate");
  expect_contains(std::string(status.message()), "is not to be allocated");
  status = run_status("silent");
  expect_contains(std::string(status.message()), "has not allocated result 0");
  expect_contains(error_of([&] { build(faulty_network("create"), options()); }), "no kernel for any device");
}

TEST_P(PluginRun, ContextsRunAtOnce) {
  BuildOptions with_shapes = options();
  with_shapes.shapes["x"] = {{1, 3}, {64, 3}, {64, 3}};
  const Engine engine = build(affine_network(), with_shapes);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&engine, t] {
      Context context = engine.create_context();
      const std::vector<float> values(192, static_cast<float>(t));
      context.set_input("x", floats({64, 3}, values));
      for (int i = 0; i < 20; ++i) context.run();
      EXPECT_EQ(to_vector(context.output("y")), std::vector<float>(192, 5.0F - 2.0F * static_cast<float>(t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PluginStep, AllocatesNothingWhenSizesAreKnown) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "operator new belongs to the sanitizer";
  test::register_sample_plugins();
  BuildOptions options;
  options.threads = 2;
  options.shapes["x"] = {{1, 3}, {64, 3}, {64, 3}};
  Context context = build(affine_network(), options).create_context();
  context.set_input("x", Tensor(DataType::f32, {64, 3}));
  context.prepare();
  Stream stream;
  ASSERT_TRUE(context.enqueue(stream).ok());
  ASSERT_TRUE(stream.synchronize().ok());
  const std::size_t before = test::allocation_count();
  ASSERT_GT(before, 0U);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(context.enqueue(stream).ok());
    ASSERT_TRUE(stream.synchronize().ok());
  }
  EXPECT_EQ(test::allocation_count(), before);
}

// --- plans are untrusted ---

Plan plan_of_affine() {
  test::register_sample_plugins();
  NetworkBuilder net;
  net.output(net.add("test:Affine:1", {net.input("x", "f32[8]")}), "y");
  return build(net.network()).plan();
}

PlanStep& plugin_step(Plan& plan) {
  for (PlanStep& step : plan.profiles[0].steps) {
    if (step.kind == "plugin") return step;
  }
  throw InternalError("the plan has no plugin");
}

AttributeValue& param(PlanStep& step, std::string_view name) {
  for (Attribute& attribute : step.params) {
    if (attribute.name == name) return attribute.value;
  }
  throw InternalError("the step has no such parameter");
}

TEST(PluginPlan, NamesThePluginThatItMisses) {
  Plan plan = plan_of_affine();
  param(plugin_step(plan), "op") = std::string("com.example:Gone:3");
  expect_contains(error_of([&] { Engine::from_plan(plan); }),
                  "the plugin 'Gone', version 3, of domain 'com.example' is not loaded");
}

TEST(PluginPlan, IsCheckedAgainstThePlugin) {
  const auto error_after = [](const std::function<void(Plan&)>& change) {
    Plan plan = plan_of_affine();
    change(plan);
    return error_of([&] {
      Context context = Engine::from_plan(plan).create_context();
      context.set_input("x", Tensor(DataType::f32, {8}));
      context.run();
    });
  };
  EXPECT_EQ(error_after([](Plan&) {}), "no error");
  const auto output_type = [](Plan& plan) -> TensorType& {
    return plan.profiles[0].buffers[plugin_step(plan).outputs[0].value].type.as_tensor();
  };
  expect_contains(error_after([&](Plan& plan) { output_type(plan).dims = Dims{4}; }),
                  "has the shape [8], the plan gives it [4]");
  expect_contains(error_after([&](Plan& plan) { output_type(plan).dtype = DataType::u8; }),
                  "is of f32, the plan says u8");
  expect_contains(error_after([](Plan& plan) { param(plugin_step(plan), "=factor") = std::string("x"); }),
                  "field 'factor': expected float");
  expect_contains(error_after([](Plan& plan) { param(plugin_step(plan), "op") = std::string("relu"); }), "");
  expect_contains(error_after([](Plan& plan) { param(plugin_step(plan), "device") = std::string("moon"); }),
                  "moon");
  expect_contains(error_after([](Plan& plan) { param(plugin_step(plan), "operands") = std::int64_t{-1}; }),
                  "operands");
  expect_contains(
      error_after([](Plan& plan) { param(plugin_step(plan), "constants") = std::vector<std::int64_t>{0}; }),
      "constants");
  expect_contains(error_after([](Plan& plan) { plugin_step(plan).inputs.clear(); }), "inputs");
  expect_contains(error_after([](Plan& plan) { plugin_step(plan).inputs[0] = BufferId(); }),
                  "expected one f32 operand");
}

}  // namespace
}  // namespace tenon
