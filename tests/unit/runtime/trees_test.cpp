// Trees on the CPU: every test with values that are missing.
#include <tenon/builder.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tenon {
namespace {

// A tree of one node per test and way of NaN; test i compares feature i % 3 with 0 and gives 2^i or nothing.
constexpr std::string_view kEveryTest = R"(graph @net(%x: f32[N,3]) {
  %nodes_0 = constant {value=i32[4,4] [0,0,-1,-2, 1,1,-3,-4, 2,2,-5,-6, 0,3,-7,-8]} : i32[4,4]
  %nodes_4 = constant {value=i32[4,4] [1,4,-9,-10, 2,5,-11,-12, 0,8,-13,-14, 1,9,-15,-16]} : i32[4,4]
  %nodes_8 = constant {value=i32[4,4] [2,10,-17,-18, 0,11,-19,-20, 1,12,-21,-22, 2,13,-23,-24]} : i32[4,4]
  %nodes = concat(%nodes_0, %nodes_4, %nodes_8) : i32[12,4]
  %splits = constant {value=f32[12] [0,0,0,0,0,0,0,0,0,0,0,0]} : f32[12]
  %roots = constant {value=i32[12] [0,1,2,3,4,5,6,7,8,9,10,11]} : i32[12]
  %leaves_0 = constant {value=i32[13] [0,1,1,2,2,3,3,4,4,5,5,6,6]} : i32[13]
  %leaves_13 = constant {value=i32[12] [7,7,8,8,9,9,10,10,11,11,12,12]} : i32[12]
  %leaves = concat(%leaves_0, %leaves_13) : i32[25]
  %targets = constant {value=i32[12] [0,0,0,0,0,0,0,0,0,0,0,0]} : i32[12]
  %weights = constant {value=f32[12] [1,2,4,8,16,32,64,128,256,512,1024,2048]} : f32[12]
  %y = tree_ensemble(%x, %nodes, %splits, %roots, %leaves, %targets, %weights) : f32[N,1]
  return %y as "y"
})";

std::vector<float> answer(Device device, const std::vector<float>& x) {
  BuildOptions options;
  options.device = device;
  options.measure = false;
  options.shapes["x"] = {{1, 3}, {10, 3}, {100, 3}};
  const Engine engine = Engine::deserialize(build(Network::from_text(kEveryTest), options).serialize());
  EXPECT_EQ(engine.steps()[0].tactic, device == Device::cpu ? "cpu.trees" : "ref.op");
  Context context = engine.create_context();
  context.set_input("x", Tensor::of<float>({static_cast<std::int64_t>(x.size()) / 3, 3}, x));
  context.run();
  const Tensor y = context.output("y");
  return {y.values<float>().begin(), y.values<float>().end()};
}

TEST(Trees, MissingValuesGoWhereTheModelSays) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x;
  for (const float a : {-1.0F, 0.0F, 1.0F, kNan}) {
    for (const float b : {-1.0F, 0.0F, 1.0F, kNan}) x.insert(x.end(), {a, b, a});
  }
  // Rows of -1: <= and < hold, so do > and == not, and != does; the same with NaN taken for true.
  const std::vector<float> expected = answer(Device::reference, x);
  EXPECT_EQ(expected[0], 1 + 2 + 32 + 64 + 128 + 2048);
  // Rows of NaN: only != holds, and everything where missing values are true.
  EXPECT_EQ(expected[15], 32 + 64 + 128 + 256 + 512 + 1024 + 2048);
  EXPECT_EQ(answer(Device::cpu, x), expected);
  x.resize(9);  // fewer rows than walk together
  EXPECT_EQ(answer(Device::cpu, x), (std::vector<float>(expected.begin(), expected.begin() + 3)));
}

}  // namespace
}  // namespace tenon
