#include "networks.hpp"

#include <gtest/gtest.h>

namespace tenon {
namespace {

using test::build_conv_net;
using test::random_tensor;

TEST(Stream, RunsInOrderAndReportsTheFirstFailure) {
  const Engine engine = build_conv_net();
  Context good = engine.create_context();
  good.set_input("x", random_tensor({2, 3, 16, 16}, 1));
  good.prepare();
  Context no_input = engine.create_context();
  no_input.prepare();

  Stream stream;
  ASSERT_TRUE(good.enqueue(stream).ok());
  ASSERT_TRUE(no_input.enqueue(stream).ok());
  ASSERT_TRUE(good.enqueue(stream).ok());
  const Status status = stream.synchronize();
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_EQ(status.message(), "input 'x' has not been set");
  EXPECT_TRUE(stream.synchronize().ok()) << "a failure is reported once";

  Context direct = engine.create_context();
  direct.set_input("x", random_tensor({2, 3, 16, 16}, 1));
  direct.run();
  EXPECT_TRUE(good.output("y").identical(direct.output("y")));
}

TEST(Stream, ManyMoreRunsThanItsRingHolds) {
  const Engine engine = build_conv_net(Device::cpu, 1);
  Context context = engine.create_context();
  context.set_input("x", random_tensor({1, 3, 8, 16}, 1));
  context.prepare();
  context.set_profiling(true);
  Stream stream;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(context.enqueue(stream).ok());
  ASSERT_TRUE(stream.synchronize().ok());
  EXPECT_EQ(context.step_times()[0].runs, 1000u);
}

TEST(Stream, RefusesContextsThatAreNotPrepared) {
  const Engine engine = build_conv_net();
  Context context = engine.create_context();
  context.set_shape("x", {1, 3, 8, 16});
  Stream stream;
  EXPECT_EQ(context.enqueue(stream).code(), StatusCode::not_ready);
}

}  // namespace
}  // namespace tenon
