// Layers found, rounded and corrected, against values worked out by hand.
#include "quant/simulate.hpp"

#include "backends/ref/ref.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "quant/bias_correction.hpp"
#include "quant/choose_calibrators.hpp"
#include "quant/layers.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tenon::quant {
namespace {

// A pointwise convolution of two channels and a product; a convolution of computed weights is no layer.
constexpr std::string_view kSimulatedNet = R"(
graph @net(%x: f32[1,2,1,3], %w: f32[1,2,1,1]) {
  %w1 = constant {value=f32[2,2,1,1] [1.27, -0.634, 0.0, 2.54]} : f32[2,2,1,1]
  %b1 = constant {value=f32[2] [0.5, -0.25]} : f32[2]
  %w2 = constant {value=f32[6,1] [1, 2, 3, 4, 5, 12.7]} : f32[6,1]
  %shape = constant {value=i64[2] [1, 6]} : i64[2]
  %y = conv(%x, %w1, %b1) : f32[1,2,1,3] loc("first")
  %r = relu(%y) : f32[1,2,1,3] loc("relu")
  %f = reshape(%r, %shape) : f32[1,6] loc("flat")
  %z = matmul(%f, %w2) : f32[1,1] loc("second")
  %u = conv(%x, %w) : f32[1,1,1,3] loc("computed")
  return %z as "z", %u as "u"
})";

Graph simulated_net() { return parse(kSimulatedNet, builtin_ops()); }

Tensor tensor(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(std::move(shape), values);
}

// Inputs of a graph with_losses().
void add_grids(const std::vector<Grid>& grids, std::vector<Data>& inputs) {
  for (const Grid& grid : grids) {
    for (const GridNumber& number : numbers_of(grid)) inputs.emplace_back(tensor({}, {number.value}));
  }
}

std::vector<float> numbers(const Data& data) {
  const auto values = data.tensor().values<float>();
  return {values.begin(), values.end()};
}

TEST(Layers, AreFoundWithWhatTheyRead) {
  const Graph graph = simulated_net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "first");
  EXPECT_EQ(layers[0].input_name, "x");
  EXPECT_EQ(layers[0].channels, 2);
  EXPECT_EQ(layers[0].inputs, 2);
  EXPECT_FALSE(layers[0].transposed);
  EXPECT_EQ(layers[1].input_name, "f");
  EXPECT_EQ(layers[1].channels, 1);
  EXPECT_EQ(layers[1].inputs, 6);
  EXPECT_TRUE(layers[1].transposed);
  EXPECT_EQ(weight_rows(graph, layers[1]), (std::vector<float>{1, 2, 3, 4, 5, 12.7F}));
}

// Two input channels, three output channels, a kernel of two.
constexpr std::string_view kTransposedNet = R"(
graph @net(%x: f32[1,2,1,2]) {
  %w1 = constant {value=f32[2,2,1,1] [1, 0, 0, 1]} : f32[2,2,1,1]
  %w = constant {value=f32[2,3,1,2] [1.27, -0.634, 0.0, 2.54, 10, 20, 0.101, 1, 2, 3, 4, 5]} : f32[2,3,1,2]
  %h = conv(%x, %w1) : f32[1,2,1,2] loc("first")
  %y = conv_transpose(%h, %w) {stride=[1,2]} : f32[1,3,1,4] loc("up")
  %z = conv_transpose(%y, %w2) {group=3} : f32[1,3,1,4] loc("grouped")
  return %z as "z"
})";

TEST(Layers, TransposedConvolutionsAreSomeUnlessTheyHaveGroups) {
  std::string text(kTransposedNet);
  text.insert(text.find("  %h ="), "  %w2 = constant {value=f32[3,1,1,1] [1, 2, 3]} : f32[3,1,1,1]\n");
  const Graph graph = parse(text, builtin_ops());
  const std::vector<Layer> layers = quantizable_layers(graph);
  ASSERT_EQ(layers.size(), 2U);
  const Layer& up = layers[1];
  EXPECT_EQ(up.name, "up");
  EXPECT_EQ(up.channels, 3);
  EXPECT_EQ(up.inputs, 4);
  EXPECT_EQ(up.kernel, 2);
  std::vector<float> rows = weight_rows(graph, up);
  EXPECT_EQ(rows, (std::vector<float>{1.27F, -0.634F, 0.101F, 1, 0, 2.54F, 2, 3, 10, 20, 4, 5}));
  const Tensor& stored = *graph.constant(graph.node(up.node).inputs[1]);
  const Tensor again = weights_of_rows(graph, up, rows);
  EXPECT_EQ(again.shape(), stored.shape());
  EXPECT_EQ(numbers(Data(again)), numbers(Data(stored)));

  // Its result is (rounded weights - weights) · x off, which the correction takes off its mean.
  const Graph measured = with_losses(graph, layers);
  measured.verify();
  std::vector<Data> inputs = {Data(tensor({1, 2, 1, 2}, {1, 3, 2, 4}))};
  add_grids({{1, -128, 127}, {1, -128, 127}}, inputs);
  const auto outputs = ref::evaluate(measured, inputs);
  const std::vector<float> error = numbers(outputs.at(static_cast<std::size_t>(1 + 4 + 2)));
  round_weights(rows, weight_scales(rows, up.inputs), up.inputs);
  const auto off = [&](std::size_t row, std::size_t i) {
    return rows[row * 4 + i] - weight_rows(graph, up)[row * 4 + i];
  };
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(error.at(c), 4 * (off(c, 0) + off(c, 1)) + 6 * (off(c, 2) + off(c, 3)), 1e-4F) << c;
  LayerLoss loss;
  loss.positions = 4;
  for (const float e : error) loss.error.push_back(static_cast<double>(e));
  const Graph corrected = correct_bias(graph, {up}, {loss});
  corrected.verify();
  EXPECT_FLOAT_EQ(bias_of(corrected, quantizable_layers(corrected)[1])[0], -error[0] / 4);
}

TEST(Layers, WeightsAreRoundedByRow) {
  std::vector<float> rows = {1.27F, -0.634F, 0, 2.54F, 0, 0};
  const std::vector<float> scales = weight_scales(rows, 2);
  EXPECT_EQ(scales, (std::vector<float>{1.27F / 127, 2.54F / 127, 1}));
  round_weights(rows, scales, 2);
  EXPECT_FLOAT_EQ(rows[0], 1.27F);
  EXPECT_FLOAT_EQ(rows[1], -0.63F);
  EXPECT_EQ(rows[2], 0.0F);
}

TEST(Layers, ParametersAreReplacedUnderTheSameName) {
  Graph graph = simulated_net();
  std::vector<Layer> layers = quantizable_layers(graph);
  replace_parameters(graph, layers[1], {6, 5, 4, 3, 2, 1}, {10});
  graph.verify();
  const std::vector<Layer> again = quantizable_layers(graph);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[1].name, "second");
  EXPECT_EQ(graph.node(graph.value(graph.node(again[1].node).inputs[1]).producer).location, "");
  EXPECT_EQ(weight_rows(graph, again[1]), (std::vector<float>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(bias_of(graph, again[1]), (std::vector<float>{10}));
}

TEST(Layers, ParametersComeFromAnotherGraph) {
  const Graph graph = simulated_net();
  Graph other = graph;
  std::vector<Layer> layers = quantizable_layers(other);
  replace_parameters(other, layers[0], {1, 2, 3, 4}, {5, 6});
  replace_parameters(other, layers[1], {6, 5, 4, 3, 2, 1}, {10});
  const Graph mixed = with_parameters_of(graph, other, {"first"});
  mixed.verify();
  const std::vector<Layer> found = quantizable_layers(mixed);
  EXPECT_EQ(weight_rows(mixed, found[0]), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(bias_of(mixed, found[0]), (std::vector<float>{5, 6}));
  EXPECT_EQ(weight_rows(mixed, found[1]), weight_rows(graph, quantizable_layers(graph)[1]));
}

TEST(Grids, FollowTheRange) {
  TensorRange range;
  range.threshold = 2.54F;
  range.low = -0.5F;
  range.high = 2.05F;
  EXPECT_FLOAT_EQ(Grid::of(range).scale, 0.02F);
  EXPECT_EQ(Grid::of(range).low, -128);
  const Grid shifted = Grid::of(range, ActivationScheme::asymmetric);
  EXPECT_FLOAT_EQ(shifted.scale, 0.01F);
  EXPECT_EQ(shifted.low, -50);
  EXPECT_EQ(shifted.high, 205);
  EXPECT_EQ(Grid::of(TensorRange(), ActivationScheme::asymmetric).scale, 0);
  range.low = 0;
  EXPECT_FLOAT_EQ(Grid::of(range).scale, 2.54F / 255);
  EXPECT_EQ(Grid::of(range).low, 0);
  EXPECT_EQ(Grid::of(range).high, 255);
}

// Inputs 0.1 apart, so that a scale of 0.25 has something to round; halves go to even.
const std::vector<float> kInput = {0.1F, 0.375F, 0.6F, -0.1F, 40, -40};

std::vector<Data> run(const Graph& graph, const std::vector<Grid>& grids = {}) {
  std::vector<Data> inputs = {Data(tensor({1, 2, 1, 3}, kInput)), Data(tensor({1, 2, 1, 1}, {1, 1}))};
  add_grids(grids, inputs);
  return ref::evaluate(graph, inputs);
}

TEST(Simulate, RoundsInputsAndWeights) {
  const Graph graph = simulated_net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  const Graph rounded = simulate(graph, {layers[0]}, {Grid{0.25F, -128, 127}});
  rounded.verify();
  std::vector<float> first = {0, 0.5F, 0.5F};    // 0.375 / 0.25 = 1.5, to even
  std::vector<float> second = {0, 31.75F, -32};  // clipped
  std::vector<float> expected(6);
  for (std::size_t i = 0; i < 3; ++i) {
    expected[i] = std::max(0.0F, 1.27F * first[i] - 0.63F * second[i] + 0.5F);
    expected[3 + i] = std::max(0.0F, 2.54F * second[i] - 0.25F);
  }
  const std::vector<float> w2 = {1, 2, 3, 4, 5, 12.7F};
  float sum = 0;
  for (std::size_t i = 0; i < 6; ++i) sum += expected[i] * w2[i];
  const auto outputs = run(rounded);
  EXPECT_NEAR(numbers(outputs[0])[0], sum, 1e-3);
  EXPECT_NEAR(numbers(outputs[1])[1], 40.375F, 1e-5);  // computed weights: untouched
}

TEST(Simulate, LossesAreThoseOfTheLayerAlone) {
  const Graph graph = simulated_net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  const Graph measured = with_losses(graph, {layers[0]});
  measured.verify();
  const auto outputs = run(measured, {{0.25F, -128, 127}});
  const std::vector<double> r1 = {0, 0.5, 0.5};
  const std::vector<double> r2 = {0, 31.75, -32};
  double signal = 0;
  double noise = 0;
  std::vector<double> error(2);
  for (std::size_t i = 0; i < 3; ++i) {
    const double a = static_cast<double>(kInput[i]);
    const double b = static_cast<double>(kInput[3 + i]);
    const double y0 = 1.27 * a - 0.634 * b + 0.5;
    const double y1 = 2.54 * b - 0.25;
    const double e0 = 1.27 * r1[i] - 0.63 * r2[i] + 0.5 - y0;
    const double e1 = 2.54 * r2[i] - 0.25 - y1;
    signal += y0 * y0 + y1 * y1;
    noise += e0 * e0 + e1 * e1;
    error[0] += e0;
    error[1] += e1;
  }
  const auto named = [&](const std::string& name) {
    const auto& names = measured.output_names();
    return outputs.at(static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin()));
  };
  EXPECT_NEAR(static_cast<double>(numbers(named(signal_name(0)))[0]), signal, 1e-5 * signal);
  EXPECT_NEAR(static_cast<double>(numbers(named(noise_name(0)))[0]), noise, 1e-4 * noise);
  EXPECT_NEAR(static_cast<double>(numbers(named(error_name(0)))[0]), error[0], 1e-3);
  EXPECT_NEAR(static_cast<double>(numbers(named(error_name(0)))[1]), error[1], 1e-3);
  EXPECT_EQ(named(size_name(0)).tensor().values<std::int64_t>()[0], 6);
}

// Of a layer that reads nothing but zeros only the bias is left, so it loses what the weights say.
TEST(Simulate, AGridOfZerosTakesTheInputAway) {
  const Graph graph = simulated_net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  const Graph measured = with_losses(graph, {layers[0]});
  const auto& names = measured.output_names();
  const auto at =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), error_name(0)) - names.begin());
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += 2.54 * static_cast<double>(kInput[3 + i]);
  EXPECT_NEAR(static_cast<double>(numbers(run(measured, {Grid()}).at(at))[1]), -sum, 1e-3);
}

TEST(LayerLoss, WithoutItsMeanIsTheVariance) {
  // Errors 1, 2, 3 in one channel and 5, 5, 5 in the other.
  LayerLoss loss;
  loss.signal = 100;
  loss.noise = 1 + 4 + 9 + 75;
  loss.error = {6, 15};
  loss.positions = 3;
  EXPECT_DOUBLE_EQ(loss.without_mean().noise, 2);
  EXPECT_DOUBLE_EQ(loss.without_mean().sqnr_db(), 10 * std::log10(50));
  EXPECT_EQ(loss.without_mean().error, (std::vector<double>{0, 0}));
}

TEST(BiasCorrection, TakesTheMeanErrorOff) {
  const Graph graph = simulated_net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  LayerLoss first;
  first.error = {3, -6};
  first.positions = 12;
  const Graph corrected = correct_bias(graph, layers, {first, LayerLoss()});
  corrected.verify();
  const std::vector<Layer> again = quantizable_layers(corrected);
  EXPECT_EQ(bias_of(corrected, again[0]), (std::vector<float>{0.25F, 0.25F}));
  EXPECT_EQ(corrected.node(again[1].node).inputs.size(), 2U);  // nothing was seen of it
}

TEST(ChooseCalibrators, TheLeastRelativeNoiseWins) {
  std::vector<Layer> layers(3);
  layers[0].input_name = layers[1].input_name = "a";
  layers[2].input_name = "b";
  const auto loss = [](double signal, double noise) {
    LayerLoss result;
    result.signal = signal;
    result.noise = noise;
    return result;
  };
  const CalibrationRule max = parse_calibration_rule("min-max");
  const CalibrationRule mse = parse_calibration_rule("mse");
  // Of "a": 1/10 + 1/100 under the first rule, 2/10 + 0.5/100 under the second; "b" is silent.
  const auto chosen = choose_calibrators(
      layers, {max, mse},
      {{loss(10, 1), loss(100, 1), loss(0, 3)}, {loss(10, 2), loss(100, 0.5), loss(0, 1)}});
  EXPECT_EQ(chosen.at("a"), max);
  EXPECT_EQ(chosen.at("b"), max);
  const auto other = choose_calibrators(
      layers, {max, mse}, {{loss(10, 1), loss(1, 1), loss(2, 3)}, {loss(10, 2), loss(1, 0.5), loss(2, 1)}});
  EXPECT_EQ(other.at("a"), mse);
  EXPECT_EQ(other.at("b"), mse);
}

}  // namespace
}  // namespace tenon::quant
