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
