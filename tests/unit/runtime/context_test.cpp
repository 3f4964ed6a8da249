#include "networks.hpp"
#include "plan/plan.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <thread>

namespace tenon {
namespace {

using test::build_conv_net;
using test::error_of;
using test::random_tensor;
using test::relative_difference;

// Two chained 3×3 convolutions over 24 channels and a mean: the longest sum has 24·9 terms.
constexpr double kTolerance = 24 * 9 * static_cast<double>(std::numeric_limits<float>::epsilon());

Tensor answer(const Engine& engine, const Tensor& x) {
  Context context = engine.create_context();
  context.set_input("x", x);
  context.run();
  return context.output("y").clone();
}

TEST(Context, AgreesWithTheReferenceAtEveryShapeOfTheProfile) {
  const Engine cpu = build_conv_net();
  const Engine reference = build_conv_net(Device::reference);
  Context context = cpu.create_context();
  std::uint64_t seed = 1;
  // Up and down: a smaller shape must not read what a larger one left behind.
  for (const Shape& shape :
       {Shape{1, 3, 8, 16}, {4, 3, 32, 16}, {2, 3, 9, 16}, {3, 3, 31, 16}, {1, 3, 8, 16}}) {
    const Tensor x = random_tensor(shape, seed++);
    context.set_input("x", x);
    context.run();
    EXPECT_LE(relative_difference(answer(reference, x), context.output("y")), kTolerance)
        << "N " << shape[0] << " H " << shape[2];
  }
}

TEST(Context, TellsOfOutputsAsTheyAreComplete) {
  BuildOptions options;
  options.measure = false;
  const Network network = Network::from_text(R"(
graph @net(%x: f32[2,3]) {
  %a = neg(%x) : f32[2,3]
  %b = exp(%a) : f32[2,3]
  %c = concat(%a, %b) {axis=0} : f32[4,3]
  return %b as "b", %a as "a", %c as "c", %x as "x again"
})");
  const Engine engine = build(network, options);
  Context context = engine.create_context();
  std::map<std::string, Tensor> told;
  context.set_output_listener([&](std::size_t index, const Tensor& tensor) {
    EXPECT_TRUE(told.emplace(engine.outputs()[index].name, tensor.clone()).second) << "told twice";
  });
  context.set_input("x", random_tensor({2, 3}, 5));
  context.run();
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_EQ(told.count(name), 1U) << name;
    EXPECT_TRUE(told.at(name).identical(context.output(name))) << name;
  }
  told.clear();
  context.set_output_listener({});
  context.run();
  EXPECT_TRUE(told.empty());
}

TEST(Context, SavedAndReloadedGivesTheSameBytes) {
  const Engine engine = build_conv_net();
  const Engine reloaded = Engine::deserialize(engine.serialize());
  const Tensor x = random_tensor({2, 3, 16, 16}, 3);
  EXPECT_TRUE(answer(engine, x).identical(answer(reloaded, x)));
  EXPECT_EQ(engine.serialize(), reloaded.serialize());
}

TEST(Context, ResultsDoNotDependOnTheNumberOfThreads) {
  const Tensor x = random_tensor({2, 3, 17, 16}, 4);
  const Engine one = build_conv_net(Device::cpu, 1);
  for (int threads : {2, 3, 5}) {
    const Engine many = Engine::deserialize(one.serialize(), {threads, nullptr});
    EXPECT_TRUE(answer(one, x).identical(answer(many, x))) << threads << " threads";
  }
}

TEST(Context, EightContextsOnEightThreads) {
  const Engine engine = build_conv_net();
  std::vector<Tensor> inputs, expected;
  for (std::uint64_t i = 0; i < 8; ++i) {
    inputs.push_back(random_tensor(
        {1 + static_cast<std::int64_t>(i % 4), 3, 8 + static_cast<std::int64_t>(i), 16}, 10 + i));
    expected.push_back(answer(engine, inputs.back()));
  }
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Context context = engine.create_context();
      for (int round = 0; round < 20; ++round) {
        context.set_input("x", inputs[i]);
        context.run();
        if (!context.output("y").identical(expected[i])) ++wrong[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT_EQ(count, 0);
}

TEST(Context, OutputsCanBeBound) {
  const Engine engine = build_conv_net();
  const Tensor x = random_tensor({2, 3, 16, 16}, 5);
  Context context = engine.create_context();
  context.set_input("x", x);
  Tensor mine(DataType::f32, {2, 24, 1, 1});
  context.set_output("y", mine);
  context.run();
  EXPECT_TRUE(mine.identical(answer(engine, x)));
  context.set_output("y", Tensor(DataType::f32, {1, 24, 1, 1}));
  EXPECT_EQ(error_of([&] { context.run(); }),
            "output 'y': the bound tensor has 96 bytes, the shape [2, 24, 1, 1] needs 192");
}

TEST(Context, AnOutputIsBoundAnewBetweenRuns) {
  const Engine engine = build_conv_net();
  const Tensor x = random_tensor({2, 3, 16, 16}, 6);
  const Tensor expected = answer(engine, x);
  Context context = engine.create_context();
  context.set_input("x", x);
  context.prepare();
  Tensor first(DataType::f32, {2, 24, 1, 1}), second(DataType::f32, {2, 24, 1, 1});
  Stream stream;
  for (Tensor* mine : {&first, &second}) {
    context.set_output(0, *mine);
    EXPECT_TRUE(context.enqueue(stream).ok());
    EXPECT_TRUE(stream.synchronize().ok());
    EXPECT_TRUE(mine->identical(expected));
  }
  std::memset(second.mutable_data(), 0, second.size_bytes());
  context.set_output(0, Tensor());
  context.run();
  EXPECT_TRUE(context.output(0).identical(expected));
  EXPECT_EQ(second.values<float>()[0], 0) << "the context wrote to memory that it had to give back";
}

TEST(Context, MistakesAreNamed) {
  const Engine engine = build_conv_net();
  Context context = engine.create_context();
  EXPECT_EQ(error_of([&] { context.run(); }), "input 'x' has not been set");
  EXPECT_EQ(error_of([&] { context.set_input("z", Tensor(DataType::f32, {1})); }),
            "the network has no input 'z'; it has 'x'");
  EXPECT_EQ(error_of([&] { static_cast<void>(context.output("q")); }),
            "the network has no output 'q'; it has 'y'");
  EXPECT_EQ(error_of([&] {
              context.set_input("x", Tensor(DataType::i32, {1, 3, 8, 16}));
            }),
            "input 'x': expected f32, found i32");
  const auto with_shape = [&](const Shape& shape) {
    return error_of([&] {
      context.set_shape("x", shape);
      context.prepare();
    });
  };
  EXPECT_EQ(with_shape({5, 3, 8, 16}), "input 'x': dim 0 (N) is 5, outside the profile's range 1 to 4");
  EXPECT_EQ(with_shape({1, 3, 7, 16}), "input 'x': dim 2 (H) is 7, outside the profile's range 8 to 32");
  EXPECT_EQ(with_shape({1, 4, 8, 16}), "input 'x': dim 1 is 4, expected 3");
  EXPECT_EQ(with_shape({1, 3, 8}), "input 'x': expected 4 dims, found the shape [1, 3, 8]");
}

TEST(Engine, ArenaIsCloseToItsFloor) {
  const Engine engine = build_conv_net();
  EXPECT_GT(engine.info().arena_floor, 0u);
  EXPECT_LE(engine.info().arena_bytes, engine.info().arena_floor * 11 / 10);
}

TEST(Engine, ShapeArithmeticLeavesNothingInThePlan) {
  BuildOptions options;
  options.optimize = false;
  options.shapes["x"] = {{1, 4}, {2, 4}, {3, 4}};
  const Engine engine = build(Network::from_text(R"(graph @net(%x: f32[N,4]) {
    %shape = shape(%x) : i64[2]
    %zero = constant {value=i64[1] [0]} : i64[1]
    %batch = gather(%shape, %zero) : i64[1]
    %rest = constant {value=i64[1] [-1]} : i64[1]
    %all = concat(%batch, %rest) : i64[2]
    %y = reshape(%x, %all) : f32[N,4]
    return %y as "y"
  })"),
                              options);
  EXPECT_EQ(engine.info().arena_bytes, 0u);
  for (const Buffer& buffer : engine.plan().profiles[0].buffers)
    EXPECT_NE(buffer.storage, Buffer::Storage::arena);
  Context context = engine.create_context();
  const Tensor x = random_tensor({3, 4}, 1);
  context.set_input("x", x);
  context.run();
  EXPECT_TRUE(context.output("y").identical(x));
}

// Of two concatenations the first is written by its parts; the second shares one of them and copies.
constexpr std::string_view kJoined = R"(
graph @net(%x: f32[1,16,4,4]) {
  %a = relu(%x) : f32[1,16,4,4]
  %b = neg(%x) : f32[1,16,4,4]
  %dims = constant {value=i64[3] [1,16,16]} : i64[3]
  %flat = reshape(%b, %dims) : f32[1,16,16]
  %c = concat(%a, %b) {axis=1} : f32[1,32,4,4]
  %d = concat(%c, %a) {axis=1} : f32[1,48,4,4]
  %e = abs(%d) : f32[1,48,4,4]
  %f = exp(%flat) : f32[1,16,16]
  return %e as "e", %b as "part", %c as "whole", %f as "view"
})";

TEST(Engine, PartsAreWrittenIntoWhatTheyAreJoinedTo) {
  const auto built = [](Device device) {
    BuildOptions options;
    options.device = device;
    options.optimize = false;
    options.measure = false;
    return build(Network::from_text(kJoined), options);
  };
  const Engine engine = Engine::deserialize(built(Device::cpu).serialize());
  std::size_t copies = 0;
  for (const PlanStep& step : engine.plan().profiles[0].steps) copies += step.kind == "cpu.concat";
  EXPECT_EQ(copies, 1u);
  Context context = engine.create_context(), expected = built(Device::reference).create_context();
  Tensor bound(DataType::f32, {1, 32, 4, 4});
  context.set_output("whole", bound);
  const Tensor x = random_tensor({1, 16, 4, 4}, 7);
  for (Context* each : {&context, &expected}) {
    each->set_input("x", x);
    each->run();
  }
  for (const char* name : {"e", "part", "whole", "view"}) {
    EXPECT_LE(relative_difference(expected.output(name), context.output(name)),
              4 * static_cast<double>(std::numeric_limits<float>::epsilon()))
        << name;
  }
}

TEST(Engine, SaysWhatItTakesAndGives) {
  const Engine engine = build_conv_net();
  ASSERT_EQ(engine.inputs().size(), 1u);
  EXPECT_EQ(engine.inputs()[0].dims, (std::vector<std::string>{"N", "3", "H", "16"}));
  EXPECT_EQ(engine.inputs()[0].min, (Shape{1, 3, 8, 16}));
  EXPECT_EQ(engine.inputs()[0].opt, (Shape{2, 3, 16, 16}));
  EXPECT_EQ(engine.inputs()[0].max, (Shape{4, 3, 32, 16}));
  EXPECT_EQ(engine.outputs()[0].max, (Shape{4, 24, 1, 1}));
}

}  // namespace
}  // namespace tenon
