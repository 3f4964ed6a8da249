// Shared libraries of plugins, and PillarScatter against the same scatter in plain operators.
#include "onnx/model_writer.hpp"
#include "sample_plugins.hpp"

#include <tenon/io.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace tenon {
namespace {

using test::error_of;
using test::expect_contains;

TEST(PluginLibrary, IsLoadedOnce) {
  const std::vector<PluginName> expected = {{"com.example", "PillarScatter", 1}};
  EXPECT_EQ(load_plugins(TENON_PILLAR_PLUGIN), expected);
  EXPECT_EQ(load_plugins(TENON_PILLAR_PLUGIN), expected);
  const std::vector<PluginName> all = registered_plugins();
  EXPECT_NE(std::find(all.begin(), all.end(), expected[0]), all.end());
}

TEST(PluginLibrary, RefusesOtherFiles) {
  expect_contains(error_of([] { load_plugins("/nonexistent.so"); }), "cannot read '/nonexistent.so'");
  expect_contains(error_of([] { load_plugins("README.md"); }), "cannot be loaded");
  expect_contains(error_of([] { load_plugins(TENON_OLD_PLUGIN); }), "version 2 of the plugin interface");
}

struct Cloud {
  std::int64_t pillars, channels, height, width;
};

// Distinct cells of the grid, so that the operators, which leave open which of two pillars wins, agree.
std::vector<std::int32_t> cells_of(const Cloud& cloud, unsigned seed) {
  std::vector<std::int32_t> cells(static_cast<std::size_t>(cloud.height * cloud.width));
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<std::int32_t>(i);
  std::mt19937 random(seed);
  std::shuffle(cells.begin(), cells.end(), random);
  cells.resize(static_cast<std::size_t>(cloud.pillars));
  return cells;
}

// The node with the plugin, by its domain.
std::string plugin_model(const Cloud& cloud) {
  using namespace test;
  const auto n = static_cast<int>(cloud.channels);
  return serialize(ModelText{.graph = {.inputs = {value_info("features", tensor_type(kFloat, {"P", n})),
                                                  value_info("coords", tensor_type(kInt32, {"P", 4}))},
                                       .nodes = {{.op_type = "PillarScatter",
                                                  .inputs = {"features", "coords"},
                                                  .outputs = {"picture"},
                                                  .attributes = {attribute("grid_h", cloud.height),
                                                                 attribute("grid_w", cloud.width)},
                                                  .domain = "com.example"}},
                                       .outputs = {value_info("picture", tensor_type(kFloat))}},
                             .domains = {{"com.example", 1}}});
}

// ScatterND into [H * W, C] at y * W + x, then [1, C, H, W].
std::string scatter_nd_model(const Cloud& cloud) {
  using namespace test;
  const auto cells = cloud.height * cloud.width;
  return serialize(ModelText{
      .graph = {
          .inputs = {value_info("features", tensor_type(kFloat, {"P", static_cast<int>(cloud.channels)})),
                     value_info("coords", tensor_type(kInt32, {"P", 4}))},
          .nodes = {{.op_type = "Cast",
                     .inputs = {"coords"},
                     .outputs = {"c"},
                     .attributes = {attribute("to", 7)}},
                    {.op_type = "MatMul", .inputs = {"c", "weights"}, .outputs = {"cell"}},
                    {.op_type = "ScatterND", .inputs = {"zeros", "cell", "features"}, .outputs = {"canvas"}},
                    {.op_type = "Transpose",
                     .inputs = {"canvas"},
                     .outputs = {"planes"},
                     .attributes = {attribute("perm", Ints{1, 0})}},
                    {.op_type = "Reshape", .inputs = {"planes", "shape"}, .outputs = {"picture"}}},
          .outputs = {value_info("picture", tensor_type(kFloat))},
          .initializers = {int64_tensor("weights", {4, 1}, {0, 0, cloud.width, 1}),
                           float_tensor("zeros", {cells, cloud.channels},
                                        Floats(static_cast<std::size_t>(cells * cloud.channels))),
                           int64_tensor("shape", {4}, {1, cloud.channels, cloud.height, cloud.width})}}});
}

// Opset 10: Scatter, with the cell's number repeated for every channel.
std::string scatter_model(const Cloud& cloud) {
  using namespace test;
  const auto cells = cloud.height * cloud.width;
  return serialize(ModelText{
      .graph = {.inputs = {value_info("features",
                                      tensor_type(kFloat, {"P", static_cast<int>(cloud.channels)})),
                           value_info("coords", tensor_type(kInt32, {"P", 4}))},
                .nodes = {{.op_type = "Cast",
                           .inputs = {"coords"},
                           .outputs = {"c"},
                           .attributes = {attribute("to", 7)}},
                          {.op_type = "MatMul", .inputs = {"c", "weights"}, .outputs = {"cell"}},
                          {.op_type = "Scatter",
                           .inputs = {"zeros", "cell", "features"},
                           .outputs = {"canvas"},
                           .attributes = {attribute("axis", 0)}},
                          {.op_type = "Transpose",
                           .inputs = {"canvas"},
                           .outputs = {"planes"},
                           .attributes = {attribute("perm", Ints{1, 0})}},
                          {.op_type = "Reshape", .inputs = {"planes", "shape"}, .outputs = {"picture"}}},
                .outputs = {value_info("picture", tensor_type(kFloat))},
                .initializers = {[&] {
                                   Ints weights;
                                   for (const std::int64_t w :
                                        {std::int64_t{0}, std::int64_t{0}, cloud.width, std::int64_t{1}})
                                     weights.insert(weights.end(), static_cast<std::size_t>(cloud.channels),
                                                    w);
                                   return int64_tensor("weights", {4, cloud.channels}, weights);
                                 }(),
                                 float_tensor("zeros", {cells, cloud.channels},
                                              Floats(static_cast<std::size_t>(cells * cloud.channels))),
                                 int64_tensor("shape", {4}, {1, cloud.channels, cloud.height, cloud.width})}},
      .opset = 10,
      .ir_version = 5});
}

TEST(PillarScatter, AgreesWithScatterNDAndScatter) {
  load_plugins(TENON_PILLAR_PLUGIN);
  for (const Cloud& cloud :
       {Cloud{1, 1, 1, 1}, Cloud{7, 5, 4, 9}, Cloud{300, 64, 31, 27}, Cloud{0, 3, 2, 2}}) {
    SCOPED_TRACE(cloud.pillars);
    std::vector<std::int32_t> coords;
    for (const std::int32_t cell : cells_of(cloud, 5)) {
      const auto width = static_cast<std::int32_t>(cloud.width);
      coords.insert(coords.end(), {0, 0, cell / width, cell % width});
    }
    const Tensor features = random_tensor(DataType::f32, {cloud.pillars, cloud.channels}, 3);
    const Tensor places = Tensor::of<std::int32_t>({cloud.pillars, 4}, coords);
    BuildOptions options;
    options.threads = 2;
    options.measure = false;
    options.shapes["features"] = {
        {0, cloud.channels}, {cloud.pillars, cloud.channels}, {400, cloud.channels}};
    options.shapes["coords"] = {{0, 4}, {cloud.pillars, 4}, {400, 4}};
    std::vector<Tensor> pictures;
    for (const std::string& model : {plugin_model(cloud), scatter_nd_model(cloud), scatter_model(cloud)}) {
      for (const Device device : {Device::cpu, Device::reference}) {
        options.device = device;
        const Engine engine = build(Network::from_onnx(test::as_bytes(model)), options);
        Context context = Engine::deserialize(engine.serialize()).create_context();
        context.set_input("features", features);
        context.set_input("coords", places);
        context.run();
        pictures.push_back(context.output("picture").clone());
      }
    }
    EXPECT_EQ(pictures[0].shape(), (Shape{1, cloud.channels, cloud.height, cloud.width}));
    for (const Tensor& picture : pictures) EXPECT_TRUE(picture.identical(pictures[0]));
  }
}

TEST(PillarScatter, LeavesOutWhatIsOutsideAndTakesThreeColumns) {
  load_plugins(TENON_PILLAR_PLUGIN);
  NetworkBuilder net;
  const NetworkValue features = net.input("features", "f32[4,1]");
  const NetworkValue coords = net.input("coords", "i32[4,3]");
  net.output(net.add("com.example:PillarScatter:1", {features, coords}, {{"grid_h", 2}, {"grid_w", 2}}),
             "picture");
  Context context = build(net.network()).create_context();
  context.set_input("features", test::floats({4, 1}, {1, 2, 3, 4}));
  context.set_input("coords",
                    Tensor::of<std::int32_t>({4, 3}, std::array{0, 0, 1, 0, 2, 0, 0, -1, 0, 0, 0, 1}));
  context.run();
  EXPECT_EQ(test::to_vector(context.output("picture")), (std::vector<float>{0, 4, 0, 0}));
  const NetworkValue wide = net.input("wide", "i32[4,5]");
  expect_contains(error_of([&] {
                    net.add("com.example:PillarScatter:1", {features, wide}, {{"grid_h", 2}, {"grid_w", 2}});
                  }),
                  "coords must be [P, 4] or [P, 3]");
}

}  // namespace
}  // namespace tenon
