// Operators over constants alone, which nothing folds when the graph is built as it is.
#include "plan/lowering/stored_constant.hpp"

#include <tenon/builder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon {
namespace {

// All numbers are sums of a few powers of two: every order of adding gives the same.
constexpr std::string_view kConvolvedConstant = R"(graph @net(%x: f32[1,1,1,1]) {
  %data = constant {value=f32[1,20,12,12] splat(0.5)} : f32[1,20,12,12]
  %filter = constant {value=f32[32,20,3,3] splat(0.25)} : f32[32,20,3,3]
  %y = conv(%data, %filter) {stride=[1,1], pad=[1,1,1,1], dilation=[1,1]} : f32[1,32,12,12]
  %z = add(%y, %x) : f32[1,32,12,12]
  return %z as "z"
})";

std::vector<float> answer(const Network& network, Device device) {
  BuildOptions options;
  options.device = device;
  options.measure = false;
  options.optimize = false;
  options.accuracy = Accuracy::exact;
  const Engine engine = Engine::deserialize(build(network, options).serialize());
  if (device == Device::cpu) {
    EXPECT_NE(engine.dump().find("nchw16c"), std::string::npos) << engine.dump();
  }
  Context context = engine.create_context();
  context.set_input("x", Tensor::of<float>({1, 1, 1, 1}, std::vector<float>{0.5F}));
  context.run();
  const auto values = context.output("z").values<float>();
  return {values.begin(), values.end()};
}

TEST(ConstantOperands, HaveEmptyLanesBeyondTheLastChannel) {
  const Tensor constant =
      Tensor::of<float>({2, 3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Tensor stored = stored_constant(constant, Layout::channel_blocked(2));
  const auto values = stored.values<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()),
            (std::vector<float>{1, 3, 2, 4, 5, 0, 6, 0, 7, 9, 8, 10, 11, 0, 12, 0}));
}

TEST(ConstantOperands, AreStoredInTheLayoutThatAStepWants) {
  const Network network = Network::from_text(kConvolvedConstant);
  EXPECT_EQ(answer(network, Device::cpu), answer(network, Device::reference));
}

}  // namespace
}  // namespace tenon
