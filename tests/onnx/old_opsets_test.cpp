// The first opsets: attributes that became operands, operators that left the standard, training modes.
#include "backends/ref/ref.hpp"
#include "onnx/support.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tenon::test {
namespace {

struct OldNode {
  std::string op_type;
  std::int64_t opset = 1;
  std::vector<std::string> attributes = {};
  std::vector<std::string> initializers = {};
};

// One f32 input of that shape with these elements; the first output.
Floats run(const OldNode& node, const Ints& shape, const Floats& x) {
  std::vector<DimText> dims;
  for (const std::int64_t dim : shape) dims.emplace_back(static_cast<int>(dim));
  Names operands = {"x0"};
  for (std::size_t i = 0; i < node.initializers.size(); ++i) operands.push_back("i" + std::to_string(i));
  return evaluate_floats(import_model(single_node({.op_type = node.op_type,
                                                   .opset = node.opset,
                                                   .shapes = {dims},
                                                   .attributes = node.attributes,
                                                   .initializers = node.initializers,
                                                   .operands = operands})),
                         {floats(shape, x)});
}

TEST(OnnxOldOpsets, OperandsBroadcastFromAnAxisOn) {
  const std::string b = float_tensor("i0", {2}, {10, 20});
  EXPECT_EQ(
      run({"Add", 6, {attribute("broadcast", 1), attribute("axis", 0)}, {b}}, {2, 3}, {1, 2, 3, 4, 5, 6}),
      (Floats{11, 12, 13, 24, 25, 26}));
  EXPECT_EQ(run({"Mul", 1, {attribute("broadcast", 1), attribute("consumed_inputs", Ints{0})}, {b}}, {1, 2},
                {3, 4}),
            (Floats{30, 80}));
  // The rank of operand 1 is what counts, its dims may be unknown.
  const Graph symbolic =
      import_model(single_node({.op_type = "Sub",
                                .opset = 1,
                                .shapes = {{"N", "C", "H"}, {"C"}},
                                .attributes = {attribute("broadcast", 1), attribute("axis", 1)}}));
  EXPECT_EQ(type_text(symbolic), "f32[N,C,H]");
}

TEST(OnnxOldOpsets, TileRepeatsAlongOneAxis) {
  EXPECT_EQ(
      run({"Tile", 1, {}, {int64_tensor("i0", {}, {2}), int64_tensor("i1", {}, {1})}}, {2, 2}, {1, 2, 3, 4}),
      (Floats{1, 2, 1, 2, 3, 4, 3, 4}));
}

TEST(OnnxOldOpsets, PadCallsItsSizesPaddings) {
  EXPECT_EQ(run({"Pad", 1, {attribute("paddings", Ints{1, 0}), attribute("value", 9.0F)}}, {2}, {1, 2}),
            (Floats{9, 1, 2}));
}

TEST(OnnxOldOpsets, UpsampleTakesTwoScales) {
  EXPECT_EQ(run({"Upsample", 1, {attribute("height_scale", 1.0F), attribute("width_scale", 2.0F)}},
                {1, 1, 1, 2}, {1, 2}),
            (Floats{1, 1, 2, 2}));
}

TEST(OnnxOldOpsets, ClipAndSeluHaveAttributes) {
  EXPECT_EQ(run({"Clip", 1, {attribute("min", 0.0F), attribute("max", 1.0F)}}, {3}, {-1, 0.5F, 7}),
            (Floats{0, 0.5F, 1}));
  EXPECT_FLOAT_EQ(run({"Selu", 1}, {1}, {2})[0], 1.0507F * 2);
  EXPECT_FLOAT_EQ(run({"Selu", 6}, {1}, {2})[0], 1.05070102F * 2);
}

TEST(OnnxOldOpsets, CastNamesItsType) {
  const Graph graph = import_model(single_node(
      {.op_type = "Cast", .opset = 5, .shapes = {{2}}, .attributes = {attribute("to", "INT64")}}));
  EXPECT_EQ(type_text(graph), "i64[2]");
}

TEST(OnnxOldOpsets, GruWithoutTheChoiceOfReset) {
  const Graph graph =
      import_model(single_node({.op_type = "GRU",
                                .opset = 1,
                                .shapes = {{1, 1, 2}},
                                .attributes = {attribute("hidden_size", 1), attribute("output_sequence", 1)},
                                .initializers = {float_tensor("w", {1, 3, 2}, Floats(6, 0)),
                                                 float_tensor("r", {1, 3, 1}, Floats(3, 0))},
                                .operands = {"x0", "w", "r"}}));
  EXPECT_EQ(evaluate_floats(graph, {floats({1, 1, 2}, {1, 2})}), (Floats{0}));
}

TEST(OnnxOldOpsets, OperatorsThatLeftTheStandard) {
  EXPECT_EQ(run({"Affine", 1, {attribute("alpha", 2.0F), attribute("beta", 1.0F)}}, {2}, {1, 2}),
            (Floats{3, 5}));
  EXPECT_EQ(run({"Scale", 1, {attribute("scale", 3.0F)}}, {2}, {1, 2}), (Floats{3, 6}));
  EXPECT_EQ(run({"ImageScaler", 1, {attribute("scale", 2.0F), attribute("bias", Floats{1, -1})}},
                {1, 2, 1, 1}, {3, 4}),
            (Floats{7, 7}));
  EXPECT_FLOAT_EQ(run({"ScaledTanh", 1, {attribute("alpha", 2.0F), attribute("beta", 0.5F)}}, {1}, {3})[0],
                  2 * std::tanh(1.5F));
  EXPECT_FLOAT_EQ(
      run({"ParametricSoftplus", 1, {attribute("alpha", 2.0F), attribute("beta", 0.5F)}}, {1}, {3})[0],
      2 * std::log1p(std::exp(1.5F)));
  EXPECT_EQ(run({"Crop", 1, {attribute("border", Ints{1, 0, 0, 1})}}, {1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}),
            (Floats{2, 3}));
  EXPECT_EQ(run({"Crop", 1, {attribute("border", Ints{1, 1, 0, 0}), attribute("scale", Ints{1, 1})}},
                {1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}),
            (Floats{5}));
  EXPECT_EQ(run({"DynamicSlice", 1, {}, {int64_tensor("i0", {1}, {1}), int64_tensor("i1", {1}, {3})}}, {4},
                {1, 2, 3, 4}),
            (Floats{2, 3}));
  EXPECT_EQ(run({"ConstantFill", 1, {attribute("value", 4.0F)}}, {2}, {1, 2}), (Floats{4, 4}));
  EXPECT_EQ(run({"MeanVarianceNormalization", 1, {attribute("normalize_variance", 0)}}, {1, 1, 1, 2}, {1, 3}),
            (Floats{-1, 1}));
}

std::vector<std::string> statistics(const Ints& dims) {
  return {float_tensor("i0", dims, {1, 1}), float_tensor("i1", dims, {0, 0}),
          float_tensor("i2", dims, {1, 2}), float_tensor("i3", dims, {4, 4})};
}

TEST(OnnxOldOpsets, BatchNormalizationMayHaveStatisticsPerElement) {
  const std::vector<std::string> test_mode = {attribute("is_test", 1), attribute("spatial", 0),
                                              attribute("epsilon", 0.0F)};
  EXPECT_EQ(run({"BatchNormalization", 6, test_mode, statistics({1, 2})}, {1, 1, 2}, {3, 6}), (Floats{1, 2}));
}

TEST(OnnxOldOpsets, BatchNormalizationTrainsUnlessItIsATest) {
  // Two images of two channels: the batch's own mean and variance count.
  EXPECT_EQ(
      run({"BatchNormalization", 6, {attribute("epsilon", 0.0F)}, statistics({2})}, {2, 2}, {1, 10, 3, 30}),
      (Floats{-1, -1, 1, 1}));
}

// Running sums of two sequences, of which the second is shorter.
TEST(OnnxOldOpsets, ScanOfBatchesMayHaveLengths) {
  GraphText body;
  body.inputs = {value_info("s", tensor_type(kFloat, {1})), value_info("x", tensor_type(kFloat, {1}))};
  body.nodes = {{"Add", {"s", "x"}, {"t"}}, {"Identity", {"t"}, {"u"}}};
  body.outputs = {value_info("t", tensor_type(kFloat, {1})), value_info("u", tensor_type(kFloat, {1}))};
  ModelText model =
      single_node({.op_type = "Scan",
                   .opset = 8,
                   .shapes = {{2, 1}, {2, 3, 1}},
                   .attributes = {graph_attribute("body", serialize(body)), attribute("num_scan_inputs", 1)},
                   .initializers = {int64_tensor("n", {2}, {3, 1})},
                   .operands = {"n", "x0", "x1"},
                   .outputs = {"sum", "sums"}});
  const std::vector<Tensor> x = {floats({2, 1}, {0, 0}), floats({2, 3, 1}, {1, 2, 3, 4, 5, 6})};
  const Graph graph = import_model(model);
  EXPECT_EQ(type_text(graph, 1), "f32[2,3,1]");
  EXPECT_EQ(evaluate_floats(graph, x), (Floats{6, 4}));
  const std::vector<Data> data(x.begin(), x.end());
  const Tensor sums = ref::evaluate(graph, data)[1].tensor();
  EXPECT_EQ(Floats(sums.values<float>().begin(), sums.values<float>().end()), (Floats{1, 3, 6, 4, 0, 0}));
  model.graph.nodes[0].inputs[0] = "";
  EXPECT_EQ(evaluate_floats(import_model(model), x), (Floats{6, 15}));
}

TEST(OnnxNewestOpset, SpaceToDepthMayPutTheDepthFirst) {
  EXPECT_EQ(run({"SpaceToDepth", 28, {attribute("blocksize", 2), attribute("mode", "CRD")}}, {1, 2, 2, 2},
                {0, 1, 2, 3, 4, 5, 6, 7}),
            (Floats{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(run({"SpaceToDepth", 13, {attribute("blocksize", 2)}}, {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}),
            (Floats{0, 4, 1, 5, 2, 6, 3, 7}));
}

TEST(OnnxNewestOpset, ModOfFloatsFollowsTheDivisor) {
  EXPECT_EQ(run({"Mod", 28, {}, {float_tensor("i0", {2}, {3, -3})}}, {2}, {-4, 4}), (Floats{2, -2}));
  EXPECT_NE(import_error(single_node({.op_type = "Mod", .opset = 13, .shapes = {{2}, {2}}})), "");
}

TEST(OnnxNewestOpset, WhatIsNoNumberIsResizedByPosition) {
  ModelText model = single_node({.op_type = "Resize",
                                 .opset = 19,
                                 .shapes = {{1, 1, 1, 2}},
                                 .attributes = {attribute("mode", "nearest")},
                                 .initializers = {float_tensor("s", {4}, {1, 1, 1, 2})},
                                 .operands = {"x0", "", "s"}});
  model.graph.inputs = {value_info("x0", tensor_type(kString, {1, 1, 1, 2}))};
  model.graph.outputs = {value_info("y", tensor_type(kString))};
  const Graph graph = import_model(model);
  const std::vector<Data> x = {Tensor::strings({1, 1, 1, 2}, {"a", "b"})};
  EXPECT_EQ(ref::evaluate(graph, x)[0].tensor().values<std::string>()[1], "a");
  EXPECT_EQ(ref::evaluate(graph, x)[0].tensor().values<std::string>()[3], "b");
  model.graph.nodes[0].attributes = {attribute("mode", "linear")};
  EXPECT_NE(import_error(model), "");
}

}  // namespace
}  // namespace tenon::test
