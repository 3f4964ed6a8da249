// Counts what enqueue allocates: nothing.
#include "networks.hpp"
#include "support/allocations.hpp"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Enqueue, AllocatesNothing) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "operator new belongs to the sanitizer";
  const Engine engine = test::build_conv_net();
  for (const StepInfo& step : engine.steps()) EXPECT_FALSE(step.tactic.starts_with("ref.")) << step.tactic;
  Context context = engine.create_context();
  context.set_input("x", test::random_tensor({2, 3, 16, 16}, 1));
  context.prepare();
  Stream stream;
  ASSERT_TRUE(context.enqueue(stream).ok());
  ASSERT_TRUE(stream.synchronize().ok());
  const std::size_t before = test::allocation_count();
  ASSERT_GT(before, 0u) << "the counter is not in place";
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(context.enqueue(stream).ok());
    ASSERT_TRUE(stream.synchronize().ok());
  }
  EXPECT_EQ(test::allocation_count(), before);
}

constexpr std::string_view kControlNet = R"(
graph @net(%x: f32[N,16,8,8], %n: i64[], %c: bool[]) symbols(N in [1,4]) {
  %w = constant {value=f32[16,16,3,3] splat(0.01)} : f32[16,16,3,3]
  %y = loop(%n, _, %x) : f32[N,16,8,8]
    region(%i: i64[], %go: bool[], %v: f32[N,16,8,8]) {
      %r = if(%c) : f32[N,16,8,8]
        region {
          %a = conv(%v, %w) {pad=[1,1,1,1]} : f32[N,16,8,8]
          return %a
        }
        region {
          %b = relu(%v) : f32[N,16,8,8]
          return %b
        }
      return %go, %r
    }
  %h = global_average_pool(%y) : f32[N,16,1,1]
  %s, %t = scan(%h, %y) {num_scan_inputs=1, scan_input_axes=[2]} : f32[N,16,1,1], f32[8,N,16,8]
    region(%p: f32[N,16,1,1], %q: f32[N,16,8]) {
      %u = neg(%p) : f32[N,16,1,1]
      %e = exp(%q) : f32[N,16,8]
      return %u, %e
    }
  return %s as "s", %t as "t"
})";

TEST(Enqueue, AllocatesNothingInBodiesOfFixedShapes) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "operator new belongs to the sanitizer";
  BuildOptions options;
  options.measure = false;
  options.shapes["x"] = {{1, 16, 8, 8}, {2, 16, 8, 8}, {4, 16, 8, 8}};
  const Engine engine = build(Network::from_text(kControlNet), options);
  for (const StepInfo& step : engine.steps()) EXPECT_FALSE(step.tactic.starts_with("ref.")) << step.tactic;
  Context context = engine.create_context();
  std::int64_t trips = 3;
  bool taken = true;
  context.set_input("x", test::random_tensor({2, 16, 8, 8}, 1));
  context.set_input("n", Tensor::view(DataType::i64, {}, &trips));
  context.set_input("c", Tensor::view(DataType::boolean, {}, &taken));
  context.prepare();
  Stream stream;
  const auto run = [&] {
    ASSERT_TRUE(context.enqueue(stream).ok());
    ASSERT_TRUE(stream.synchronize().ok());
  };
  run();
  taken = false;
  run();
  const std::size_t before = test::allocation_count();
  for (int i = 0; i < 50; ++i) {
    trips = i % 5;
    taken = i % 2 == 0;
    run();
  }
  EXPECT_EQ(test::allocation_count(), before);
}

TEST(Prepare, AllocatesNothingForShapesThatItHasSeen) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "operator new belongs to the sanitizer";
  const Engine engine = test::build_conv_net();
  Context context = engine.create_context();
  const Tensor inputs[] = {test::random_tensor({2, 3, 16, 16}, 1), test::random_tensor({1, 3, 9, 16}, 2)};
  const auto run = [&](const Tensor& input) {
    context.set_input(0, input);
    const std::size_t before = test::allocation_count();
    context.prepare();
    return test::allocation_count() - before;
  };
  for (const Tensor& input : inputs) EXPECT_GT(run(input), 10u) << "new shapes are made";
  // The shapes that are looked for are a few lists.
  for (const Tensor& input : inputs) EXPECT_LE(run(input), 10u);
}

}  // namespace
}  // namespace tenon
