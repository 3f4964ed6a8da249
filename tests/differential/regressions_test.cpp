// Graphs in which the differential test against ONNX Runtime found that the ways of running them differed,
// cut down, with the seed of each.
#include "onnx/backend_data.hpp"

#include <tenon/builder.hpp>
#include <tenon/io.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace tenon::test {
namespace {

using Shapes = std::map<std::string, Shape>;

struct Found {
  int seed;
  const char* text;
  std::vector<Shapes> runs;  // of the inputs; empty: the one that the graph says
  friend void PrintTo(const Found& found, std::ostream* out) { *out << "seed " << found.seed; }
};

// Ranges that hold every run, tuned at the first.
std::map<std::string, ShapeRange> profile(const std::vector<Shapes>& runs) {
  std::map<std::string, ShapeRange> ranges;
  for (const Shapes& shapes : runs) {
    for (const auto& [name, shape] : shapes) {
      ShapeRange& range = ranges.try_emplace(name, ShapeRange{shape, shape, shape}).first->second;
      for (std::size_t i = 0; i < shape.size(); ++i) {
        range.min[i] = std::min(range.min[i], shape[i]);
        range.max[i] = std::max(range.max[i], shape[i]);
      }
    }
  }
  return ranges;
}

std::vector<Tensor> run(const Engine& engine, const Shapes& shapes) {
  Context context = engine.create_context();
  for (const TensorInfo& input : engine.inputs()) {
    const auto given = shapes.find(input.name);
    context.set_input(input.name,
                      random_tensor(input.dtype, given == shapes.end() ? input.opt : given->second, 1));
  }
  context.run();
  std::vector<Tensor> outputs;
  for (const TensorInfo& output : engine.outputs()) outputs.push_back(context.output(output.name).clone());
  return outputs;
}

class DifferentialRegressions : public testing::TestWithParam<Found> {};

TEST_P(DifferentialRegressions, EveryWayAgrees) {
  const Network network = Network::from_text(GetParam().text);
  BuildOptions options;
  options.threads = 1;
  options.measure = false;
  options.shapes = profile(GetParam().runs);
  const auto engine = [&](Device device, bool optimize) {
    options.device = device;
    options.optimize = optimize;
    return build(network, options);
  };
  const Engine reference = engine(Device::reference, false);
  const Engine raw = engine(Device::cpu, false);
  const Engine optimized = engine(Device::cpu, true);
  std::vector<Shapes> runs = GetParam().runs;
  if (runs.empty()) runs.emplace_back();
  for (const Shapes& shapes : runs) {
    const std::vector<Tensor> expected = run(reference, shapes);
    const std::vector<Tensor> from_raw = run(raw, shapes);
    const std::vector<Tensor> from_optimized = run(optimized, shapes);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(difference(from_raw[i], expected[i]), "") << "raw";
      EXPECT_EQ(difference(from_optimized[i], expected[i]), "") << "optimized";
    }
  }
}

const Found kFound[] = {
    // A pool without results over windows without elements.
    {301,
     R"(
graph @g(%x: f32[N,6,N,M]) {
  %y = global_max_pool(%x) : f32[N,6,1,1]
  return %y as "y"
}
)",
     {{{"x", {2, 6, 2, 5}}}, {{"x", {0, 6, 0, 4}}}}},
};

INSTANTIATE_TEST_SUITE_P(All, DifferentialRegressions, testing::ValuesIn(kFound),
                         [](const auto& entry) { return "seed_" + std::to_string(entry.param.seed); });

}  // namespace
}  // namespace tenon::test
