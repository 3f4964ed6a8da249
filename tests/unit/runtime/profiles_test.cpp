// Optimization profiles, inputs whose values become dims, and shapes that a context has seen before.
#include "networks.hpp"
#include "plan/plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <string>

namespace tenon {
namespace {

using test::random_tensor;
using test::relative_difference;

constexpr double kConvTolerance = 24 * 9 * static_cast<double>(std::numeric_limits<float>::epsilon());

std::string profile_error(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

Tensor integers(const Shape& shape, const std::vector<std::int64_t>& values) {
  return Tensor::of<std::int64_t>(shape, values);
}

// Profile 0 takes one picture of one size, profile 1 up to four of several sizes.
Engine two_profiles(Device device = Device::cpu) {
  BuildOptions options;
  options.device = device;
  options.threads = 2;
  options.measure = false;
  const Shape one{1, 3, 16, 16};
  options.profiles = {{{{"x", {one, one, one}}}, {}},
                      {{{"x", {{1, 3, 8, 16}, {2, 3, 16, 16}, {4, 3, 32, 16}}}}, {}}};
  return build(Network::from_text(test::kConvNet), options);
}

TEST(Profiles, EachTakesItsShapes) {
  const Engine built = two_profiles();
  const Engine reference = two_profiles(Device::reference);
  for (const Engine& engine : {built, Engine::deserialize(built.serialize())}) {
    ASSERT_EQ(engine.profiles().size(), 2u);
    EXPECT_EQ(engine.profiles()[0].inputs[0].max, (Shape{1, 3, 16, 16}));
    EXPECT_EQ(engine.profiles()[1].inputs[0].max, (Shape{4, 3, 32, 16}));
    EXPECT_TRUE(engine.profiles()[0].symbols.empty());
    EXPECT_EQ(engine.profiles()[1].symbols, (std::vector<std::string>{"H in 8…16…32", "N in 1…2…4"}));
    EXPECT_LT(engine.profiles()[0].arena_bytes, engine.profiles()[1].arena_bytes);
    EXPECT_EQ(engine.info().arena_bytes, engine.profiles()[1].arena_bytes);
    Context context = engine.create_context(), expected = reference.create_context(1);
    std::uint64_t seed = 1;
    // To the larger arena and back, twice.
    for (const auto& [profile, shape] : std::vector<std::pair<std::size_t, Shape>>{
             {0, {1, 3, 16, 16}}, {1, {4, 3, 32, 16}}, {0, {1, 3, 16, 16}}, {1, {1, 3, 9, 16}}}) {
      const Tensor x = random_tensor(shape, seed++);
      context.set_profile(profile);
      EXPECT_EQ(context.profile(), profile);
      for (Context* each : {&context, &expected}) {
        each->set_input("x", x);
        each->run();
      }
      EXPECT_LE(relative_difference(expected.output("y"), context.output("y")), kConvTolerance)
          << "profile " << profile;
    }
  }
}

TEST(Profiles, ShareWhatIsTheSame) {
  const Engine both = two_profiles();
  BuildOptions options;
  options.threads = 2;
  options.measure = false;
  options.profiles = {{{{"x", {{1, 3, 8, 16}, {2, 3, 16, 16}, {4, 3, 32, 16}}}}, {}}};
  const Engine one = build(Network::from_text(test::kConvNet), options);
  EXPECT_LT(both.info().weight_bytes, 2 * one.info().weight_bytes);
  EXPECT_EQ(both.plan().portable_blobs.size(), one.plan().portable_blobs.size());
}

TEST(Profiles, SayWhatTheyDoNotTake) {
  const Engine engine = two_profiles();
  const auto refusal = [&](std::size_t profile, const Shape& shape) {
    Context context = engine.create_context(profile);
    context.set_shape("x", shape);
    return profile_error([&] { context.prepare(); });
  };
  EXPECT_EQ(refusal(0, {2, 3, 16, 16}), "input 'x': dim 0 (N) is 2, outside the range of profile 0 1 to 1");
  EXPECT_EQ(refusal(1, {2, 3, 33, 16}), "input 'x': dim 2 (H) is 33, outside the range of profile 1 8 to 32");
  EXPECT_EQ(refusal(1, {2, 4, 16, 16}), "input 'x': dim 1 is 4, expected 3");
  EXPECT_EQ(profile_error([&] { static_cast<void>(engine.create_context(2)); }),
            "the engine has 2 profiles, none of number 2");
  Context context = engine.create_context();
  EXPECT_EQ(profile_error([&] { context.set_profile(7); }), "the engine has 2 profiles, none of number 7");
  EXPECT_EQ(profile_error([&] { static_cast<void>(engine.steps(2)); }),
            "the engine has 2 profiles, none of number 2");
  // What was bound under another profile stays, and is judged anew.
  context.set_profile(1);
  context.set_input("x", random_tensor({4, 3, 16, 16}, 1));
  context.run();
  context.set_profile(0);
  EXPECT_EQ(profile_error([&] { context.run(); }),
            "input 'x': dim 0 (N) is 4, outside the range of profile 0 1 to 1");
}

TEST(Profiles, OptionsThatContradictAreRefused) {
  const Network network = Network::from_text(test::kConvNet);
  BuildOptions options;
  options.profiles.resize(1);
  options.shapes["x"] = {{1, 3, 8, 16}, {2, 3, 16, 16}, {4, 3, 32, 16}};
  EXPECT_EQ(profile_error([&] { build(network, options); }),
            "shapes or values are given both in a list of profiles and beside it");
  options.shapes.clear();
  options.profiles.resize(2);
  options.profiles[1].shapes["z"] = {{1}, {1}, {1}};
  EXPECT_EQ(profile_error([&] { build(network, options); }),
            "shapes are given for 'z', the network's inputs are 'x'");
  options.profiles[1].shapes.clear();
  options.profiles[1].values["x"] = {{1}, {1}, {1}};
  EXPECT_EQ(profile_error([&] { build(network, options); }),
            "input 'x' is a f32[1,3,1,16]: only elements of i32 and i64 tensors become dims");
}

// The shape of the result is what `size` says, and what `count` says is repeated.
constexpr std::string_view kValues = R"(
graph @net(%x: f32[N,6], %size: i64[2], %count: i32[]) {
  %y = reshape(%x, %size) : f32[?,?]
  %e = relu(%y) : f32[?,?]
  %zero = constant {value=i32[] [0]} : i32[]
  %one = constant {value=i32[] [1]} : i32[]
  %r = range(%zero, %count, %one) : i32[?]
  return %e as "y", %r as "r"
})";

Engine value_net(Device device = Device::cpu) {
  BuildOptions options;
  options.device = device;
  options.threads = 1;
  options.measure = false;
  options.shapes["x"] = {{1, 6}, {2, 6}, {4, 6}};
  options.values["size"] = {{1, 1}, {3, 4}, {24, 24}};
  options.values["count"] = {{0}, {3}, {9}};
  return build(Network::from_text(kValues), options);
}

TEST(Values, OfInputsBecomeDims) {
  const Engine built = value_net();
  for (const Engine& engine : {built, Engine::deserialize(built.serialize())}) {
    // Nothing is left to the time when it runs: all shapes follow from the inputs.
    for (const Buffer& buffer : engine.plan().profiles[0].buffers)
      EXPECT_NE(buffer.storage, Buffer::Storage::dynamic) << buffer.name;
    ASSERT_TRUE(engine.inputs()[1].values.has_value());
    EXPECT_EQ(engine.inputs()[1].values->max, (Shape{24, 24}));
    EXPECT_EQ(engine.inputs()[1].values->elements, (std::vector<std::string>{"size.0", "size.1"}));
    EXPECT_FALSE(engine.inputs()[0].values.has_value());
    Context context = engine.create_context();
    const auto run = [&](const Shape& shape, std::int32_t count, std::int64_t rows) {
      const Tensor x = random_tensor(shape, 5);
      context.set_input("x", x);
      context.set_input("size", integers({2}, {shape[0] * 6 / rows, rows}));
      context.set_input("count", Tensor::of<std::int32_t>({}, std::span(&count, 1)));
      context.run();
      EXPECT_EQ(context.output("y").shape(), (Shape{shape[0] * 6 / rows, rows}));
      EXPECT_EQ(context.output("r").shape(), (Shape{count}));
      for (std::int32_t i = 0; i < count; ++i)
        EXPECT_EQ(context.output("r").values<std::int32_t>()[static_cast<std::size_t>(i)], i);
      for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(context.output("y").values<float>()[i], std::max(0.0F, x.values<float>()[i]));
      }
    };
    run({2, 6}, 3, 4);
    run({2, 6}, 5, 3);
    run({4, 6}, 0, 24);
    run({1, 6}, 9, 1);
    run({2, 6}, 3, 4);
  }
}

TEST(Values, OutOfRangeAreNamed) {
  const Engine engine = value_net();
  Context context = engine.create_context();
  context.set_input("x", random_tensor({2, 6}, 1));
  const auto refusal = [&](const std::vector<std::int64_t>& size, std::int32_t count) {
    context.set_input("size", integers({static_cast<std::int64_t>(size.size())}, size));
    context.set_input("count", Tensor::of<std::int32_t>({}, std::span(&count, 1)));
    return profile_error([&] { context.run(); });
  };
  EXPECT_EQ(refusal({3, 4}, 3), "no error");
  EXPECT_EQ(refusal({3, 25}, 3), "input 'size': value 1 (size.1) is 25, outside the profile's range 1 to 24");
  EXPECT_EQ(refusal({0, 4}, 3), "input 'size': value 0 (size.0) is 0, outside the profile's range 1 to 24");
  EXPECT_EQ(refusal({3, 4}, -1),
            "input 'count': value 0 (count.0) is -1, outside the profile's range 0 to 9");
  EXPECT_EQ(refusal({3, 4, 1}, 3), "input 'size': expected 2 values, found 3");
  // Inside the ranges, but not what the tensor holds.
  EXPECT_NE(refusal({3, 5}, 3).find("with the shape [2, 6] cannot be viewed as"), std::string::npos)
      << refusal({3, 5}, 3);
  EXPECT_EQ(refusal({4, 3}, 2), "no error");
}

TEST(Values, ThatChangeInPlaceAreNoticed) {
  const Engine engine = value_net();
  Context context = engine.create_context();
  Tensor size = integers({2}, {3, 4}).clone();
  const std::int32_t count = 2;
  context.set_input("x", random_tensor({2, 6}, 1));
  context.set_input("size", size);
  context.set_input("count", Tensor::of<std::int32_t>({}, std::span(&count, 1)));
  context.run();
  size.mutable_values<std::int64_t>()[0] = 2;
  size.mutable_values<std::int64_t>()[1] = 6;
  Stream stream;
  ASSERT_TRUE(context.enqueue(stream).ok());
  EXPECT_EQ(stream.synchronize().code(), StatusCode::not_ready);
  context.run();
  EXPECT_EQ(context.output("y").shape(), (Shape{2, 6}));
}

TEST(Values, OneValueIsANumber) {
  BuildOptions options;
  options.measure = false;
  options.shapes["x"] = {{2, 6}, {2, 6}, {2, 6}};
  options.values["size"] = {{3, -1}, {3, -1}, {3, -1}};
  const Engine engine = build(Network::from_text(kValues), options);
  EXPECT_EQ(engine.outputs()[0].dims, (std::vector<std::string>{"3", "4"}));
  Context context = engine.create_context();
  const std::int32_t count = 2;
  context.set_input("x", random_tensor({2, 6}, 1));
  context.set_input("count", Tensor::of<std::int32_t>({}, std::span(&count, 1)));
  context.set_input("size", integers({2}, {3, -1}));
  context.run();
  EXPECT_EQ(context.output("r").shape(), (Shape{2}));
  context.set_input("size", integers({2}, {4, 3}));
  EXPECT_EQ(profile_error([&] { context.run(); }),
            "input 'size': value 0 is 4, outside the profile's range 3 to 3");
  options.values["size"] = {{-1, 1}, {2, 1}, {3, 1}};
  EXPECT_EQ(profile_error([&] { build(Network::from_text(kValues), options); }),
            "input 'size', value 0: a range of values that become dims cannot begin at -1");
  options.values["size"] = {{1}, {2}, {3}};
  EXPECT_EQ(profile_error([&] { build(Network::from_text(kValues), options); }),
            "input 'size' is a i64[2], 1 values are given");
  options.values = {{"nothing", {{1}, {2}, {3}}}};
  EXPECT_EQ(profile_error([&] { build(Network::from_text(kValues), options); }),
            "values are given for 'nothing', the network's inputs are 'x', 'size', 'count'");
}

// More shapes than are kept, in an order that drops and makes them again.
TEST(Shapes, ThatWereDroppedAreMadeAgain) {
  BuildOptions options;
  options.measure = false;
  options.threads = 1;
  const auto most = static_cast<std::int64_t>(2 * Context::kSpecializations);
  options.shapes["x"] = {{1, 2}, {1, 2}, {most, 2}};
  const Engine engine = build(Network::from_text(R"(graph @net(%x: f32[N,2]) {
    %y = neg(%x) : f32[N,2]
    return %y as "y"
  })"),
                              options);
  Context context = engine.create_context();
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t n = 1; n <= most; ++n) {
      const Tensor x = random_tensor({n, 2}, static_cast<std::uint64_t>(n));
      context.set_input("x", x);
      context.run();
      ASSERT_EQ(context.output("y").shape(), x.shape());
      ASSERT_EQ(context.output("y").values<float>().back(), -x.values<float>().back());
    }
  }
}

}  // namespace
}  // namespace tenon
