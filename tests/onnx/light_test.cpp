// The networks that come with the official backend tests ("real" tests that need no download): weights that a
// few operators make up, an input from 0 to 1, stored outputs. On the CPU device, as imported and optimized.
#include "importers/onnx/import.hpp"
#include "onnx/backend_data.hpp"
#include "onnx/suite.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> networks() {
  std::vector<std::string> names;
  const fs::path folder = suite_path() / "light";
  if (suite_path().empty() || !fs::is_directory(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// 0, 1/n, …, (n - 1)/n; dims without a number are 1.
Tensor ramp(const TensorInfo& info) {
  Shape shape;
  for (const std::int64_t dim : info.opt) shape.push_back(std::max<std::int64_t>(dim, 1));
  Tensor tensor(DataType::f32, std::move(shape));
  const auto values = tensor.mutable_values<float>();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<double>(i) / static_cast<double>(values.size()));
  return tensor;
}

class OnnxLight : public testing::TestWithParam<std::string> {};

TEST_P(OnnxLight, Gives) {
  const fs::path folder = suite_path() / "light";
  const Network network(import_onnx(folder / (GetParam() + ".onnx")));
  for (const bool optimize : {false, true}) {
    BuildOptions options;
    options.optimize = optimize;
    options.measure = false;
    options.portable = false;
    const Engine engine = build(network, options);
    Context context = engine.create_context();
    for (std::size_t i = 0; i < engine.inputs().size(); ++i) context.set_input(i, ramp(engine.inputs()[i]));
    context.run();
    for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
      const fs::path file = folder / fmt::format("{}_output_{}.pb", GetParam(), i);
      const Data expected = read_backend_data(file, Type::tensor(DataType::f32));
      EXPECT_EQ(difference(context.output(i), expected), "") << (optimize ? "optimized" : "raw");
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxLight);
INSTANTIATE_TEST_SUITE_P(All, OnnxLight, testing::ValuesIn(networks()),
                         [](const auto& network) { return network.param; });

}  // namespace
}  // namespace tenon::test
