// Trees on the CPU: every test with values that are missing.
#include <tenon/builder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace tenon {
namespace {

// Four trees of one node: tree i applies the test codes[i] to feature i % 3 and 0, and gives 2^i or nothing.
std::string four_trees(const std::array<int, 4>& codes) {
  std::string nodes;
  for (int i = 0; i < 4; ++i) {
    for (const int number : {i % 3, codes[static_cast<std::size_t>(i)], -1 - 2 * i, -2 - 2 * i})
      nodes += (nodes.empty() ? "" : ",") + std::to_string(number);
  }
  return R"(graph @net(%x: f32[N,3]) {
  %nodes = constant {value=i32[4,4] [)" +
         nodes + R"(]} : i32[4,4]
  %splits = constant {value=f32[4] [0,0,0,0]} : f32[4]
  %roots = constant {value=i32[4] [0,1,2,3]} : i32[4]
  %leaves = constant {value=i32[9] [0,1,1,2,2,3,3,4,4]} : i32[9]
  %targets = constant {value=i32[4] [0,0,0,0]} : i32[4]
  %weights = constant {value=f32[4] [1,2,4,8]} : f32[4]
  %y = tree_ensemble(%x, %nodes, %splits, %roots, %leaves, %targets, %weights) : f32[N,1]
  return %y as "y"
})";
}

std::vector<float> answer(Device device, const std::array<int, 4>& codes, const std::vector<float>& x) {
  BuildOptions options;
  options.device = device;
  options.measure = false;
  options.shapes["x"] = {{1, 3}, {10, 3}, {100, 3}};
  const Engine engine =
      Engine::deserialize(build(Network::from_text(four_trees(codes)), options).serialize());
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
  const std::vector<float> few(x.begin(), x.begin() + 9);  // fewer rows than walk together
  // Of rows of -1 and of NaN, what <=, <, >=, > and then ==, !=, <= and < with missing values true give.
  constexpr std::array<std::array<int, 4>, 2> kCodes = {{{0, 1, 2, 3}, {4, 5, 8, 9}}};
  constexpr std::array<std::array<float, 2>, 2> kExpected = {{{1 + 2, 0}, {2 + 4 + 8, 2 + 4 + 8}}};
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    const std::vector<float> expected = answer(Device::reference, kCodes[i], x);
    EXPECT_EQ(expected.front(), kExpected[i][0]);
    EXPECT_EQ(expected.back(), kExpected[i][1]);
    EXPECT_EQ(answer(Device::cpu, kCodes[i], x), expected);
    EXPECT_EQ(answer(Device::cpu, kCodes[i], few),
              (std::vector<float>(expected.begin(), expected.begin() + 3)));
  }
  const std::array<int, 4> plain = {0, 0, 0, 0};
  EXPECT_EQ(answer(Device::cpu, plain, x), answer(Device::reference, plain, x));
}

}  // namespace
}  // namespace tenon
