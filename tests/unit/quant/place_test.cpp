// Where rounding is placed, and with which numbers.
#include "quant/place.hpp"

#include "ir/parser.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/registry.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace tenon::quant {
namespace {

using Scheme = ActivationScheme;

Ranges symmetric_ranges(const std::map<std::string, float>& thresholds) {
  Ranges ranges;
  for (const auto& [name, threshold] : thresholds)
    ranges.emplace(name, TensorRange{{}, threshold, -threshold, threshold});
  return ranges;
}

// Scales and zero points of what is rounded, by the name of the value that is.
struct Rounded {
  float scale = 0;
  std::int64_t zero = 0;
};
std::map<std::string, Rounded> rounded(const Graph& graph) {
  std::map<std::string, Rounded> result;
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    const auto* quantize = node.op.as<op::QuantizeLinear>();
    if (quantize == nullptr) continue;
    EXPECT_TRUE(quantize->optional);
    const Tensor& zero = *graph.constant(node.inputs[2]);
    const auto byte = std::to_integer<std::uint8_t>(zero.data()[0]);
    result[graph.value(node.inputs[0]).name] = {
        graph.constant(node.inputs[1])->values<float>()[0],
        zero.dtype() == DataType::u8 ? std::int64_t{byte} : std::int64_t{static_cast<std::int8_t>(byte)}};
  }
  return result;
}

// Whether operand `index` of the node at `location` is dequantized.
bool reads_integers(const Graph& graph, std::string_view location, std::size_t index) {
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    const NodeId from = node.location == location && node.inputs.size() > index
                            ? graph.value(node.inputs[index]).producer
                            : NodeId();
    const std::string_view name = node.op.name();
    if (name == "quantize_linear" || name == "dequantize_linear" || name == "constant") continue;
    if (node.location == location) return from.valid() && graph.node(from).op.is<op::DequantizeLinear>();
  }
  ADD_FAILURE() << "no node at " << location;
  return false;
}

std::string reason_of(const std::vector<LayerPrecision>& layers, std::string_view location) {
  for (const LayerPrecision& layer : layers) {
    if (layer.location == location) return layer.reason;
  }
  return "not there";
}

constexpr std::string_view kPooled = R"(
graph @net(%x: f32[1,1,4]) {
  %w = constant {value=f32[2,1,1] [1.27, -2.54]} : f32[2,1,1]
  %v = constant {value=f32[1,2,1] [1, 0.5]} : f32[1,2,1]
  %a = conv(%x, %w) : f32[1,2,4] loc("first")
  %b = relu(%a) : f32[1,2,4] loc("relu")
  %c = max_pool(%b) {kernel=[2], stride=[2]} : f32[1,2,2] loc("pool")
  %y = conv(%c, %v) : f32[1,1,2] loc("second")
  return %y as "y"
})";

TEST(Place, PoolsShareTheScaleOfTheirResult) {
  Graph graph = parse(kPooled, builtin_ops());
  const auto layers = place(
      graph, symmetric_ranges({{"x", 127}, {"a", 9}, {"b", 254}, {"c", 63.5F}, {"y", 3}}), Scheme::symmetric);
  graph.verify();
  const auto values = rounded(graph);
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values.at("x").scale, 1);
  EXPECT_EQ(values.at("b").scale, 0.5F);
  EXPECT_EQ(values.at("c").scale, 0.5F);
  for (const char* location : {"first", "pool", "second"}) {
    EXPECT_EQ(reason_of(layers, location), "");
    EXPECT_TRUE(reads_integers(graph, location, 0));
  }
  EXPECT_TRUE(reads_integers(graph, "first", 1));
  EXPECT_FALSE(reads_integers(graph, "relu", 0));
}

TEST(Place, WeightsHaveAScalePerChannel) {
  Graph graph = parse(kPooled, builtin_ops());
  place(graph, symmetric_ranges({{"x", 127}, {"c", 1}}), Scheme::symmetric);
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    if (node.location != "first" || !node.op.is<op::DequantizeLinear>()) continue;
    const Tensor* q = graph.constant(node.inputs[0]);
    if (q == nullptr) continue;
    EXPECT_EQ(q->values<std::int8_t>()[0], 127);
    EXPECT_EQ(q->values<std::int8_t>()[1], -127);
    EXPECT_EQ(graph.constant(node.inputs[1])->values<float>()[0], 1.27F / 127);
    EXPECT_EQ(graph.constant(node.inputs[1])->values<float>()[1], 2.54F / 127);
    return;
  }
  FAIL() << "the weights are not quantized";
}

TEST(Place, BytesHaveAZeroPoint) {
  Graph graph = parse(kPooled, builtin_ops());
  Ranges ranges;
  ranges.emplace("x", TensorRange{{}, 2, -0.5F, 2});
  ranges.emplace("c", TensorRange{{}, 51, 0, 51});
  const auto layers = place(graph, ranges, Scheme::asymmetric);
  const auto values = rounded(graph);
  EXPECT_EQ(values.at("x").scale, 2.5F / 255);
  EXPECT_EQ(values.at("x").zero, 51);
  EXPECT_EQ(values.at("c").scale, 0.2F);
  EXPECT_EQ(values.at("c").zero, 0);
  EXPECT_EQ(layers.at(0).precision, DataType::u8);
}

TEST(Place, LopsidedRangesAreFitted) {
  const auto scheme_of = [](float low, float high) {
    const TensorRange range{{}, std::max(-low, high), low, high};
    const Quanta fitted = *quanta_of(range, Scheme::fitted);
    for (const Scheme scheme : {Scheme::symmetric, Scheme::asymmetric}) {
      const Quanta quanta = *quanta_of(range, scheme);
      if (quanta.dtype == fitted.dtype && quanta.scale == fitted.scale && quanta.zero == fitted.zero)
        return scheme;
    }
    ADD_FAILURE() << low << " to " << high << " is neither";
    return Scheme::fitted;
  };
  EXPECT_EQ(scheme_of(-0.1F, 1), Scheme::asymmetric);
  EXPECT_EQ(scheme_of(-0.49F, 1), Scheme::asymmetric);
  EXPECT_EQ(scheme_of(-0.52F, 1), Scheme::symmetric);
  EXPECT_EQ(scheme_of(-1, 0.2F), Scheme::asymmetric);
  EXPECT_EQ(scheme_of(-1, 1), Scheme::symmetric);
  EXPECT_EQ(scheme_of(0, 1), Scheme::symmetric) << "what is never negative needs no zero point";
}

TEST(Place, WhatIsNeverNegativeHasAllBytes) {
  Graph graph = parse(kPooled, builtin_ops());
  Ranges ranges;
  ranges.emplace("x", TensorRange{{}, 127, -3, 127});
  ranges.emplace("c", TensorRange{{}, 51, 0, 51});
  const auto layers = place(graph, ranges, Scheme::symmetric);
  const auto values = rounded(graph);
  EXPECT_EQ(values.at("x").scale, 1);
  EXPECT_EQ(values.at("c").scale, 0.2F);
  EXPECT_EQ(values.at("c").zero, 0);
  EXPECT_EQ(layers.front().precision, DataType::i8);
  EXPECT_EQ(layers.back().precision, DataType::u8);
}

TEST(Place, SaysWhyALayerStaysFloat) {
  Graph graph = parse(kPooled, builtin_ops());
  const auto layers = place(graph, symmetric_ranges({{"x", 0}}), Scheme::symmetric);
  EXPECT_TRUE(rounded(graph).empty());
  EXPECT_EQ(reason_of(layers, "first"), "calibration saw nothing but zeros in 'x'");
  EXPECT_EQ(reason_of(layers, "second"), "calibration has no range for 'c'");
}

TEST(Place, LargeBiasesFitInto32Bits) {
  Graph graph = parse(R"(
graph @net(%x: f32[1,1,4]) {
  %w = constant {value=f32[2,1,1] [1e-20, 1.27]} : f32[2,1,1]
  %b = constant {value=f32[2] [100, 1]} : f32[2]
  %a = conv(%x, %w, %b) : f32[1,2,4] loc("first")
  return %a as "y"
})",
                      builtin_ops());
  place(graph, symmetric_ranges({{"x", 127}}), Scheme::symmetric);
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    if (!node.op.is<op::DequantizeLinear>() || graph.constant(node.inputs[0]) == nullptr) continue;
    const auto scales = graph.constant(node.inputs[1])->values<float>();
    EXPECT_LE(100 / static_cast<double>(scales[0]), 0x1p30);
    EXPECT_EQ(scales[1], 1.27F / 127);
  }
}

constexpr std::string_view kResidual = R"(
graph @net(%x: f32[1,2,4]) {
  %w = constant {value=f32[2,2,1] [1, 2, 3, 4]} : f32[2,2,1]
  %a = conv(%x, %w) : f32[1,2,4] loc("main")
  %b = conv(%x, %w) : f32[1,2,4] loc("side")
  %s = add(%a, %b) : f32[1,2,4] loc("sum")
  %r = relu(%s) : f32[1,2,4] loc("relu")
  %m = global_average_pool(%r) : f32[1,2,1] loc("mean")
  %y = conv(%m, %w) : f32[1,2,1] loc("last")
  %t = add(%r, %x) : f32[1,2,4] loc("other sum")
  %z = softmax(%t) : f32[1,2,4] loc("softmax")
  return %y as "y", %z as "z"
})";

TEST(Place, SumsTakeTheLaterConvolutionAsItIs) {
  Graph graph = parse(kResidual, builtin_ops());
  const auto layers =
      place(graph, symmetric_ranges({{"x", 1}, {"a", 2}, {"b", 3}, {"s", 4}, {"r", 5}, {"m", 6}, {"t", 1}}),
            Scheme::symmetric);
  graph.verify();
  EXPECT_TRUE(reads_integers(graph, "sum", 0));
  EXPECT_FALSE(reads_integers(graph, "sum", 1));
  EXPECT_EQ(reason_of(layers, "sum"), "");
  EXPECT_EQ(reason_of(layers, "mean"), "");
  EXPECT_EQ(reason_of(layers, "other sum"), "nothing reads its result as integers");
  EXPECT_EQ(rounded(graph).count("s"), 0U);
  EXPECT_EQ(rounded(graph).at("r").scale, 5 / 127.0F);
}

TEST(Place, ConcatenationsShareTheScaleOfTheWhole) {
  Graph graph = parse(R"(
graph @net(%x: f32[1,1,4], %u: f32[1,1,4]) {
  %w = constant {value=f32[2,2,1] [1, 2, 3, 4]} : f32[2,2,1]
  %v = constant {value=f32[1,1,1] [1]} : f32[1,1,1]
  %c = concat(%x, %u) {axis=1} : f32[1,2,4] loc("join")
  %y = conv(%c, %w) : f32[1,2,4] loc("conv")
  %z = conv(%x, %v) : f32[1,1,4] loc("small")
  return %y as "y", %z as "z"
})",
                      builtin_ops());
  place(graph, symmetric_ranges({{"x", 1}, {"u", 127}, {"c", 254}}), Scheme::symmetric);
  const auto values = rounded(graph);
  for (const char* name : {"x", "u", "c"}) EXPECT_EQ(values.at(name).scale, 2) << name;
}

TEST(Place, WhatDoesNotPayStaysFloat) {
  const Ranges ranges = symmetric_ranges({{"x", 1}, {"a", 2}, {"b", 3}, {"s", 4}, {"r", 5}, {"m", 6}});
  const Graph graph = parse(kResidual, builtin_ops());
  const PlacementSurvey survey =
      survey_placement(graph, ranges, Scheme::symmetric, {{"mean", DataType::i8, {}}});
  // main, side, sum, relu (a name for what the sum gives), mean, last; and the other sum reads what is
  // rounded.
  EXPECT_EQ(survey.concerned, (Positions{0, 1, 2, 4, 5, 6}));
  EXPECT_EQ(survey.ordered, (Positions{4}));
  EXPECT_TRUE(survey.rounded.contains(graph.inputs()[0]));

  Graph some = graph;
  const auto layers = place(some, ranges, Scheme::symmetric, {}, {1, 5});
  some.verify();
  EXPECT_EQ(reason_of(layers, "side"), "FP32 is faster");
  EXPECT_EQ(reason_of(layers, "last"), "FP32 is faster");
  EXPECT_EQ(reason_of(layers, "main"), "");
  EXPECT_FALSE(reads_integers(some, "side", 0));
  EXPECT_TRUE(reads_integers(some, "main", 0));
  EXPECT_EQ(reason_of(layers, "mean"), "nothing reads its result as integers");

  Graph none = graph;
  place(none, ranges, Scheme::symmetric, {}, survey.concerned);
  EXPECT_EQ(none, graph);
}

TEST(Place, OverridesSayWhatStaysFloat) {
  const Ranges ranges = symmetric_ranges({{"x", 1}, {"a", 2}, {"b", 3}, {"s", 4}, {"r", 5}, {"m", 6}});
  Graph graph = parse(kResidual, builtin_ops());
  const auto layers =
      place(graph, ranges, Scheme::symmetric, {{"*i*e", DataType::f32, {}}, {"b", DataType::i8, {}}});
  EXPECT_EQ(reason_of(layers, "side"), "");  // %b computed by it is named later
  Graph other = parse(kResidual, builtin_ops());
  const auto kept = place(other, ranges, Scheme::symmetric, {{"ma?n", DataType::f32, {}}});
  EXPECT_EQ(reason_of(kept, "main"), "asked to stay float");
  EXPECT_FALSE(reads_integers(other, "main", 0));
  EXPECT_TRUE(reads_integers(other, "side", 0));

  const auto placed = [&](const PrecisionOverride& order) {
    Graph copy = parse(kResidual, builtin_ops());
    return place(copy, ranges, Scheme::symmetric, {order});
  };
  EXPECT_THROW(placed({"nowhere", DataType::f32, {}}), ModelError);
  EXPECT_THROW(placed({"softmax", DataType::i8, PrecisionMode::strict}), ModelError);
  EXPECT_EQ(reason_of(placed({"softmax", DataType::i8, PrecisionMode::prefer}), "softmax"),
            "softmax has no form for integers");
  EXPECT_EQ(reason_of(placed({"main", DataType::i8, PrecisionMode::strict}), "main"), "");
}

TEST(Place, OverridesAreRead) {
  const PrecisionOverride order = parse_precision_override("conv=1*=fp32", PrecisionMode::strict);
  EXPECT_EQ(order.pattern, "conv=1*");
  EXPECT_EQ(order.precision, DataType::f32);
  EXPECT_EQ(order.mode, PrecisionMode::strict);
  EXPECT_EQ(parse_precision_override("*=int8").precision, DataType::i8);
  for (const char* text : {"", "conv", "=fp32", "conv=", "conv=fp16"})
    EXPECT_THROW(parse_precision_override(text), ModelError) << text;
}

TEST(Place, RangesComeFromTheTable) {
  CalibrationTable table;
  const CalibrationRule mse = parse_calibration_rule("mse");
  const CalibrationRule min_max = parse_calibration_rule("min-max");
  CalibratedTensor a;
  a.name = "a";
  a.ranges = {{mse, 1, -1, 1}, {min_max, 2, -2, 2}};
  CalibratedTensor b = a;
  b.name = "b";
  table.tensors = {a, b};
  const Ranges ranges = ranges_of(table, mse, {{"b", min_max}});
  EXPECT_EQ(ranges.at("a").threshold, 1);
  EXPECT_EQ(ranges.at("b").threshold, 2);
  EXPECT_THROW(ranges_of(table, parse_calibration_rule("legacy")), ModelError);
  EXPECT_THROW(ranges_of(table, mse, {{"c", mse}}), ModelError);
  EXPECT_THROW(ranges_of(table, mse, {{"a", parse_calibration_rule("legacy")}}), ModelError);
}

}  // namespace
}  // namespace tenon::quant
