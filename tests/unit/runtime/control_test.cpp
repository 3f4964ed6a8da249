// If, Loop and Scan run as lists of steps of their own: against the reference backend, optimized or not,
// saved and loaded.
#include "networks.hpp"
#include "plan/plan.hpp"

#include <tenon/data.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <thread>

namespace tenon {
namespace {

using Inputs = std::map<std::string, Tensor>;

Engine build_text(std::string_view text, Device device, bool optimize,
                  const std::map<std::string, ShapeRange>& shapes = {}) {
  BuildOptions options;
  options.device = device;
  options.threads = 2;
  options.measure = false;
  options.optimize = optimize;
  options.shapes = shapes;
  return build(Network::from_text(text), options);
}

std::vector<Data> run(const Engine& engine, const Inputs& inputs) {
  Context context = engine.create_context();
  for (const auto& [name, tensor] : inputs) context.set_input(name, tensor);
  context.run();
  std::vector<Data> outputs;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) outputs.push_back(context.value(i));
  for (Data& output : outputs) {
    if (output.is_tensor()) output = output.tensor().clone();
  }
  return outputs;
}

void expect_same(const Data& a, const Data& b) {
  ASSERT_EQ(a.is_tensor(), b.is_tensor());
  if (!a.is_tensor()) {
    ASSERT_EQ(a.sequence().elements.size(), b.sequence().elements.size());
    for (std::size_t i = 0; i < a.sequence().elements.size(); ++i)
      expect_same(a.sequence().elements[i], b.sequence().elements[i]);
    return;
  }
  ASSERT_EQ(a.tensor().shape(), b.tensor().shape());
  ASSERT_EQ(a.tensor().dtype(), b.tensor().dtype());
  if (a.tensor().dtype() == DataType::f32) {
    EXPECT_LT(test::relative_difference(a.tensor(), b.tensor()), 1e-5);
  } else if (a.tensor().dtype() != DataType::string) {
    EXPECT_TRUE(a.tensor().identical(b.tensor()));
  } else {
    EXPECT_TRUE(std::ranges::equal(a.tensor().values<std::string>(), b.tensor().values<std::string>()));
  }
}

// That every node with bodies runs as a list of steps, and gives what the reference backend gives.
void check(std::string_view text, const std::vector<Inputs>& runs,
           const std::map<std::string, ShapeRange>& shapes = {}) {
  const Engine reference = build_text(text, Device::reference, false, shapes);
  for (const bool optimize : {false, true}) {
    const Engine built = build_text(text, Device::cpu, optimize, shapes);
    for (const StepInfo& step : built.steps()) EXPECT_NE(step.tactic, "ref.graph") << step.note;
    const Engine loaded = Engine::deserialize(built.serialize());
    EXPECT_EQ(loaded.dump(), built.dump());
    for (const Inputs& inputs : runs) {
      SCOPED_TRACE(testing::Message()
                   << (optimize ? "optimized" : "raw") << ", run " << &inputs - runs.data());
      const std::vector<Data> expected = run(reference, inputs);
      for (const Engine* engine : {&built, &loaded}) {
        const std::vector<Data> found = run(*engine, inputs);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) expect_same(found[i], expected[i]);
      }
    }
  }
}

Tensor boolean(bool value) { return Tensor::of<bool>({}, std::span(&value, 1)); }
Tensor number(std::int64_t value) { return Tensor::of<std::int64_t>({}, std::span(&value, 1)); }
Tensor floats(Shape shape, std::uint64_t seed = 1) { return test::random_tensor(std::move(shape), seed); }

constexpr std::string_view kBranches = R"(
graph @g(%x: f32[N,16,8,8], %c: bool[]) symbols(N in [1,4]) {
  %w = constant {value=f32[16,16,3,3] splat(0.02)} : f32[16,16,3,3]
  %y, %z = if(%c) : f32[N,16,8,8], f32[N,?,8,8]
    region {
      %a = conv(%x, %w) {pad=[1,1,1,1]} : f32[N,16,8,8]
      %r = relu(%a) : f32[N,16,8,8]
      %b = conv(%r, %w) {pad=[1,1,1,1]} : f32[N,16,8,8]
      %k = concat(%b, %r) {axis=1} : f32[N,32,8,8]
      return %b, %k
    }
    region {
      %n = neg(%x) : f32[N,16,8,8]
      return %n, %x
    }
  return %y as "y", %z as "z"
})";

TEST(ControlFlow, BranchesOfOtherShapes) {
  const std::map<std::string, ShapeRange> shapes{{"x", {{1, 16, 8, 8}, {2, 16, 8, 8}, {4, 16, 8, 8}}}};
  check(kBranches,
        {{{"x", floats({2, 16, 8, 8})}, {"c", boolean(true)}},
         {{"x", floats({4, 16, 8, 8})}, {"c", boolean(false)}}},
        shapes);
}

constexpr std::string_view kCounting = R"(
graph @g(%x: f32[2,16,4,4], %n: i64[], %c: bool[]) {
  %w = constant {value=f32[16,16,3,3] splat(0.05)} : f32[16,16,3,3]
  %limit = constant {value=i64[] [4]} : i64[]
  %y, %s, %m = loop(%n, %c, %x, %n) : f32[2,16,4,4], i64[], f32[?,2,16,4,4]
    region(%i: i64[], %go: bool[], %v: f32[2,16,4,4], %k: i64[]) {
      %a = conv(%v, %w) {pad=[1,1,1,1]} : f32[2,16,4,4]
      %b = add(%a, %x) : f32[2,16,4,4]
      %t = add(%k, %i) : i64[]
      %less = less(%i, %limit) : bool[]
      return %less, %b, %t, %a
    }
  return %y as "y", %s as "s", %m as "m"
})";

TEST(ControlFlow, LoopsOfFixedShapes) {
  const Tensor x = floats({2, 16, 4, 4});
  check(kCounting, {{{"x", x}, {"n", number(3)}, {"c", boolean(true)}},
                    {{"x", x}, {"n", number(2)}, {"c", boolean(true)}},
                    {{"x", x}, {"n", number(1)}, {"c", boolean(true)}},
                    {{"x", x}, {"n", number(100)}, {"c", boolean(true)}},
                    {{"x", x}, {"n", number(0)}, {"c", boolean(true)}},
                    {{"x", x}, {"n", number(9)}, {"c", boolean(false)}}});
}

// Two carried values that change places, one that stays, and one that is a captured value.
TEST(ControlFlow, CarriedValuesThatMove) {
  check(R"(
graph @g(%x: f32[3], %y: f32[3], %n: i64[]) {
  %a, %b, %c, %d = loop(%n, _, %x, %y, %x, %y) : f32[3], f32[3], f32[3], f32[3]
    region(%i: i64[], %go: bool[], %p: f32[3], %q: f32[3], %r: f32[3], %s: f32[3]) {
      %t = exp(%s) : f32[3]
      return %go, %q, %p, %r, %x
    }
  return %a as "a", %b as "b", %c as "c", %d as "d"
})",
        {{{"x", floats({3})}, {"y", floats({3}, 2)}, {"n", number(3)}},
         {{"x", floats({3})}, {"y", floats({3}, 2)}, {"n", number(4)}},
         {{"x", floats({3})}, {"y", floats({3}, 2)}, {"n", number(0)}}});
}

constexpr std::string_view kGrowing = R"(
graph @g(%x: f32[1,4], %n: i64[]) {
  %w = constant {value=f32[4,4] splat(0.3)} : f32[4,4]
  %y, %s = loop(%n, _, %x) : f32[?,4], f32[?,4]
    region(%i: i64[], %go: bool[], %v: f32[?,4]) {
      %p = matmul(%v, %w) : f32[?,4]
      %r = concat(%v, %p) {axis=0} : f32[?,4]
      %e = reduce_sum(%r) {axes=[0], keep_dims=false} : f32[4]
      return %go, %r, %e
    }
  return %y as "y", %s as "s"
})";

TEST(ControlFlow, ShapesThatChangeFromOneIterationToTheNext) {
  check(kGrowing, {{{"x", floats({1, 4})}, {"n", number(5)}}, {{"x", floats({1, 4})}, {"n", number(0)}}});
  // What depends on the shape runs on the CPU's own kernels all the same.
  const Engine engine = build_text(kGrowing, Device::cpu, true);
  for (const StepInfo& step : engine.steps()) EXPECT_FALSE(step.tactic.starts_with("ref.")) << step.note;
}

TEST(ControlFlow, ScansAlongAnyAxisInBothDirections) {
  check(R"(
graph @g(%h: f32[2,3], %x: f32[5,2,3], %z: f32[2,5,3]) {
  %y, %s, %r = scan(%h, %x, %z) {num_scan_inputs=2, scan_input_axes=[0,-2], scan_input_directions=[0,1], scan_output_axes=[1,0], scan_output_directions=[1,0]} : f32[2,3], f32[2,5,3], f32[5,2]
    region(%a: f32[2,3], %b: f32[2,3], %c: f32[2,3]) {
      %m = mul(%a, %b) : f32[2,3]
      %t = add(%m, %c) : f32[2,3]
      %u = reduce_max(%t) {axes=[1], keep_dims=false} : f32[2]
      return %t, %m, %u
    }
  return %y as "y", %s as "s", %r as "r"
})",
        {{{"h", floats({2, 3})}, {"x", floats({5, 2, 3}, 2)}, {"z", floats({2, 5, 3}, 3)}}});
}

constexpr std::string_view kNested = R"(
graph @g(%x: f32[T,4], %c: bool[]) symbols(T in [0,8]) {
  %two = constant {value=i64[] [2]} : i64[]
  %zero = constant {value=f32[4] splat(0)} : f32[4]
  %y, %s = scan(%zero, %x) : f32[4], f32[T,4]
    region(%h: f32[4], %v: f32[4]) {
      %r = if(%c) : f32[4]
        region {
          %l = loop(%two, _, %h) : f32[4]
            region(%i: i64[], %go: bool[], %k: f32[4]) {
              %q = add(%k, %v) : f32[4]
              return %go, %q
            }
          return %l
        }
        region {
          %m = mul(%h, %v) : f32[4]
          %o = sub(%m, %v) : f32[4]
          return %o
        }
      return %r, %r
    }
  return %y as "y", %s as "s"
})";

constexpr std::string_view kCounted = R"(
graph @g(%x: f32[2,3]) {
  %yes = constant {value=bool[] [true]} : bool[]
  %trips = constant {value=i64[] [4]} : i64[]
  %y, %s = loop(%trips, %yes, %x) : f32[2,3], f32[?,2,3]
    region(%i: i64[], %go: bool[], %v: f32[2,3]) {
      %e = exp(%v) : f32[2,3]
      %n = neg(%e) : f32[2,3]
      return %go, %n, %e
    }
  %r = relu(%s) : f32[?,2,3]
  return %y as "y", %r as "r"
})";

TEST(ControlFlow, WhatCountedLoopsStackHasAKnownShape) {
  check(kCounted, {{{"x", floats({2, 3})}}});
  const Engine engine = build_text(kCounted, Device::cpu, true);
  EXPECT_EQ(engine.outputs()[1].max, (Shape{4, 2, 3}));
  for (const StepInfo& step : engine.steps()) EXPECT_FALSE(step.tactic.starts_with("ref.")) << step.note;
}

TEST(ControlFlow, Nests) {
  check(kNested,
        {{{"x", floats({6, 4})}, {"c", boolean(true)}},
         {{"x", floats({8, 4})}, {"c", boolean(false)}},
         {{"x", floats({0, 4})}, {"c", boolean(true)}}},
        {{"x", {{0, 4}, {6, 4}, {8, 4}}}});
}

TEST(ControlFlow, Sequences) {
  check(R"(
graph @g(%x: f32[2], %n: i64[]) {
  %empty = sequence_empty {dtype=f32} : seq<f32[*]>
  %y, %z = loop(%n, _, %empty, %x) : seq<f32[*]>, f32[2]
    region(%i: i64[], %go: bool[], %s: seq<f32[*]>, %v: f32[2]) {
      %e = exp(%v) : f32[2]
      %t = sequence_insert(%s, %v) : seq<f32[*]>
      return %go, %t, %e
    }
  return %y as "y", %z as "z"
})",
        {{{"x", floats({2})}, {"n", number(3)}}, {{"x", floats({2})}, {"n", number(0)}}});
}

TEST(ControlFlow, SizesThatDependOnData) {
  check(R"(
graph @g(%x: f32[6], %c: bool[]) {
  %i = non_zero(%x) : i64[1,?]
  %t = transpose(%i) {perm=[1,0]} : i64[?,1]
  %p = gather_nd(%x, %t) : f32[?]
  %y = if(%c) : f32[?]
    region {
      %e = exp(%p) : f32[?]
      %s = add(%e, %p) : f32[?]
      return %s
    }
    region {
      return %p
    }
  return %y as "y"
})",
        {{{"x", Tensor::of<float>({6}, std::vector<float>{1, 0, 2, 0, 3, 0})}, {"c", boolean(true)}},
         {{"x", Tensor::of<float>({6}, std::vector<float>{1, 0, 2, 4, 3, 0})}, {"c", boolean(false)}},
         {{"x", Tensor::of<float>({6}, std::vector<float>(6, 0.0F))}, {"c", boolean(true)}}});
}

TEST(ControlFlow, Strings) {
  const std::string texts[] = {"a", "b"};
  check(R"(
graph @g(%x: str[2], %n: i64[]) {
  %mark = constant {value=str[1] ["!"]} : str[1]
  %y = loop(%n, _, %x) : str[2]
    region(%i: i64[], %go: bool[], %v: str[2]) {
      %t = string_concat(%v, %mark) : str[2]
      return %go, %t
    }
  return %y as "y"
})",
        {{{"x", Tensor::strings({2}, {texts[0], texts[1]})}, {"n", number(3)}},
         {{"x", Tensor::strings({2}, {texts[0], texts[1]})}, {"n", number(0)}}});
}

TEST(ControlFlow, SaysWhereItFailed) {
  const Engine engine = build_text(R"(
graph @g(%x: f32[2], %n: i64[]) {
  %y, %z = loop(%n, _, %x) : f32[?], f32[?,2] loc("growing")
    region(%i: i64[], %go: bool[], %v: f32[?]) {
      %w = concat(%v, %v) {axis=0} : f32[?]
      %s = add(%w, %x) : f32[2] loc("adding")
      return %go, %w, %s
    }
  return %y as "y", %z as "z"
})",
                                   Device::cpu, true);
  Context context = engine.create_context();
  context.set_input("x", floats({2}));
  context.set_input("n", number(2));
  try {
    context.run();
    FAIL() << "4 and 2 elements were added";
  } catch (const ModelError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("growing"), std::string::npos) << text;
    EXPECT_NE(text.find("adding"), std::string::npos) << text;
  }
}

TEST(ControlFlow, RefusesResultsThatCannotBeStacked) {
  const Engine engine = build_text(R"(
graph @g(%x: f32[1], %n: i64[]) {
  %y, %s = loop(%n, _, %x) : f32[?], f32[?,?]
    region(%i: i64[], %go: bool[], %v: f32[?]) {
      %w = concat(%v, %v) {axis=0} : f32[?]
      return %go, %w, %v
    }
  return %s as "s"
})",
                                   Device::cpu, true);
  Context context = engine.create_context();
  context.set_input("x", floats({1}));
  context.set_input("n", number(1));
  EXPECT_NO_THROW(context.run());
  context.set_input("n", number(2));
  EXPECT_THROW(context.run(), ModelError);
}

TEST(ControlFlow, ABranchThatCannotRunMattersOnlyWhenItIsTaken) {
  const Engine engine = build_text(R"(
graph @g(%x: f32[N,M], %c: bool[]) symbols(N in [1,4], M in [1,4]) {
  %two = constant {value=f32[2,2] splat(1)} : f32[2,2]
  %y = if(%c) : f32[N,?]
    region {
      %m = matmul(%x, %two) : f32[N,2]
      return %m
    }
    region {
      return %x
    }
  return %y as "y"
})",
                                   Device::cpu, false, {{"x", {{1, 1}, {2, 2}, {4, 4}}}});
  Context context = engine.create_context();
  context.set_input("x", floats({2, 3}));
  context.set_input("c", boolean(false));
  EXPECT_NO_THROW(context.run());
  context.set_input("c", boolean(true));
  EXPECT_THROW(context.run(), ModelError);
  context.set_input("x", floats({2, 2}));
  EXPECT_NO_THROW(context.run());
}

TEST(ControlFlow, ShowsTheTimesOfStepsInside) {
  const Engine engine = build_text(kNested, Device::cpu, true, {{"x", {{0, 4}, {6, 4}, {8, 4}}}});
  Context context = engine.create_context();
  context.set_profiling(true);
  context.set_input("x", floats({6, 4}));
  context.set_input("c", boolean(true));
  context.run();
  const std::vector<StepInfo> steps = engine.steps();
  const auto times = context.step_times();
  ASSERT_EQ(steps.size(), times.size());
  std::map<std::string, std::uint64_t> runs;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    runs[steps[i].tactic] += times[i].runs;
    if (steps[i].depth == 0) continue;
    EXPECT_LE(times[i].total_ns, times[0].total_ns) << steps[i].tactic;
  }
  EXPECT_EQ(runs["scan"], 1u);
  EXPECT_EQ(runs["if"], 6u);
  EXPECT_EQ(runs["loop"], 6u);
  EXPECT_EQ(runs["cpu.pointwise.add"], 12u);
}

TEST(ControlFlow, ManyContextsAtOnce) {
  const Engine engine = build_text(kGrowing, Device::cpu, true);
  const auto answer = [&](std::uint64_t seed) {
    return run(engine, {{"x", floats({1, 4}, seed)}, {"n", number(static_cast<std::int64_t>(seed % 5))}});
  };
  std::vector<std::vector<Data>> alone, together(8);
  for (std::uint64_t i = 0; i < 8; ++i) alone.push_back(answer(i));
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) together[i] = answer(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t k = 0; k < alone[i].size(); ++k)
      EXPECT_TRUE(alone[i][k].tensor().identical(together[i][k].tensor()));
  }
}

}  // namespace
}  // namespace tenon
