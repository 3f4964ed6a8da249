// Quantization through the interface: what the schemes make of a network, and how far it is from it.
#include <tenon/builder.hpp>
#include <tenon/calibrate.hpp>
#include <tenon/draw.hpp>
#include <tenon/error.hpp>
#include <tenon/network.hpp>
#include <tenon/quantize.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace tenon {
namespace {

Tensor drawn(Shape shape, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Tensor tensor(DataType::f32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = uniform(random);
  return tensor;
}

// Two convolutions, one with groups, one that another reads too, and two products.
Network network() {
  NetworkBuilder builder("net");
  const NetworkValue x = builder.input("x", DataType::f32, {"N", 8, 9, 9});
  ConvolutionOptions padded;
  padded.pad = {1, 1, 1, 1};
  NetworkValue y = builder.convolution(x, builder.constant(drawn({40, 8, 3, 3}, 1)),
                                       builder.constant(drawn({40}, 2)), padded, "first");
  y = builder.activation("relu", y);
  padded.group = 40;
  const NetworkValue deep = builder.convolution(y, builder.constant(drawn({40, 1, 3, 3}, 3)),
                                                builder.constant(drawn({40}, 4)), padded, "deep");
  const NetworkValue pooled = builder.add("flatten", {builder.global_average_pool(deep + y)});
  const NetworkValue hidden = builder.linear(pooled, builder.constant(drawn({24, 40}, 5)),
                                             builder.constant(drawn({24}, 6)), true, "hidden");
  builder.output(builder.matmul(hidden, builder.constant(drawn({24, 10}, 7)), false, false, "last"), "y");
  return builder.network();
}

std::vector<float> answer(const Network& net, bool optimized) {
  BuildOptions options;
  options.threads = 1;
  options.measure = false;
  options.optimize = optimized;
  Context context = build(net, options).create_context();
  context.set_input("x", drawn({1, 8, 9, 9}, 8));
  context.run();
  const auto values = context.output("y").values<float>();
  return {values.begin(), values.end()};
}

double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / size);
}

bool holds(const Network& net, std::string_view text) {
  return net.to_text().find(text) != std::string::npos;
}

class Schemes : public testing::TestWithParam<QuantizationScheme> {};

// How far the answer may be off follows from the steps, 1/127 of the largest number with 8 bits and 1/7 with
// 4, of four layers one after the other.
TEST_P(Schemes, TheAnswerIsNear) {
  QuantizeOptions options;
  options.scheme = GetParam();
  QuantizeReport report;
  const Network quantized = quantize(network(), options, &report);
  EXPECT_EQ(report.layers.size(), 4U);
  EXPECT_TRUE(report.kept.empty());
  for (const QuantizeReport::Layer& layer : report.layers) EXPECT_GT(layer.sqnr_db, 15) << layer.name;
  const std::vector<float> exact = answer(network(), true);
  const std::vector<float> raw = answer(quantized, false);
  const std::vector<float> optimized = answer(quantized, true);
  const double step = 4 * (GetParam() == QuantizationScheme::weights_int4 ? 1.0 / 7 : 1.0 / 127);
  EXPECT_LT(relative_error(raw, exact), step);
  EXPECT_GT(relative_error(raw, exact), step / 1000);
  EXPECT_LT(relative_error(optimized, raw), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, Schemes,
                         testing::Values(QuantizationScheme::dynamic_symmetric,
                                         QuantizationScheme::dynamic_asymmetric,
                                         QuantizationScheme::weights_int8, QuantizationScheme::weights_int4),
                         [](const auto& scheme) {
                           std::string name(to_string(scheme.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Quantize, ThePlanKeepsTheIntegers) {
  BuildOptions build_options;
  build_options.measure = false;
  build_options.portable = false;
  const auto weight_bytes = [&](const Network& net) { return build(net, build_options).info().weight_bytes; };
  const std::uint64_t floats = weight_bytes(network());
  QuantizeOptions options;
  options.scheme = QuantizationScheme::weights_int8;
  EXPECT_LT(weight_bytes(quantize(network(), options)), floats / 2);
}

TEST(Quantize, FiltersOfFewChannelsStayInEightBits) {
  QuantizeOptions options;
  options.scheme = QuantizationScheme::weights_int4;
  QuantizeReport report;
  const Network quantized = quantize(network(), options, &report);
  ASSERT_EQ(report.layers.size(), 4U);
  EXPECT_EQ(report.layers[0].weights, "i8[40,8,3,3] per channel");
  EXPECT_EQ(report.layers[2].weights, "i4[24,40] in blocks of 32");
  options.zero_points = true;
  const Network asymmetric = quantize(network(), options, &report);
  EXPECT_EQ(report.layers[2].weights, "u4[24,40] in blocks of 32");
  EXPECT_TRUE(holds(asymmetric, "u4[24,40]"));
  EXPECT_LT(relative_error(answer(asymmetric, true), answer(network(), true)), 1.0 / 7);
}

TEST(Quantize, WhatSeveralReadIsQuantizedOnce) {
  NetworkBuilder builder("shared");
  const NetworkValue x = builder.input("x", DataType::f32, {2, 16});
  const NetworkValue weights = builder.constant(drawn({16, 16}, 1));
  builder.output(builder.matmul(x, weights) + builder.matmul(x, builder.constant(drawn({16, 16}, 2))), "y");
  QuantizeOptions options;
  options.scheme = QuantizationScheme::dynamic_asymmetric;
  const std::string text = quantize(builder.network(), options).to_text();
  const std::size_t first = text.find("dynamic_quantize_linear");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("dynamic_quantize_linear", first + 1), std::string::npos);
}

TEST(Quantize, NodesCanBeExcludedByPattern) {
  QuantizeOptions options;
  options.scheme = QuantizationScheme::weights_int8;
  options.exclude = {"f*", "la?t"};
  QuantizeReport report;
  quantize(network(), options, &report);
  ASSERT_EQ(report.layers.size(), 2U);
  EXPECT_EQ(report.layers[0].name, "deep");
  ASSERT_EQ(report.kept.size(), 2U);
  EXPECT_EQ(report.kept[0].name, "first");
  EXPECT_EQ(report.kept[0].reason, "excluded by 'f*'");
  options.exclude = {"nothing*"};
  EXPECT_THROW(quantize(network(), options), ModelError);
}

// One batch, the input of answer().
class OneBatch final : public Calibrator {
 public:
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    if (std::exchange(done_, true)) return std::nullopt;
    return std::map<std::string, Tensor>{{"x", drawn({1, 8, 9, 9}, 8)}};
  }

 private:
  bool done_ = false;
};

TEST(Quantize, StaticSchemesRoundActivationsByTheirRanges) {
  OneBatch data;
  QuantizeOptions options;
  EXPECT_THROW(quantize(network(), options), ModelError);  // no ranges
  options.int8.emplace();
  options.int8->rule = parse_calibration_rule("min-max");
  CalibrateOptions calibrating;
  calibrating.rules = {options.int8->rule};
  options.int8->table = calibrate(network(), data, calibrating);
  options.exclude = {"hidden"};
  const std::vector<float> exact = answer(network(), true);
  for (const auto scheme : {QuantizationScheme::static_symmetric, QuantizationScheme::static_asymmetric}) {
    options.scheme = scheme;
    QuantizeReport report;
    const Network quantized = quantize(network(), options, &report);
    ASSERT_EQ(report.layers.size(), 3U);
    EXPECT_EQ(report.layers[2].name, "last");
    EXPECT_GT(report.layers[0].sqnr_db, 35);
    EXPECT_TRUE(std::any_of(report.kept.begin(), report.kept.end(),
                            [](const QuantizeReport::Kept& kept) { return kept.name == "hidden"; }));
    EXPECT_TRUE(holds(quantized, "quantize_linear"));
    const std::vector<float> raw = answer(quantized, false);
    EXPECT_LT(relative_error(raw, exact), 8.0 / 127);  // weights and activations of four layers
    EXPECT_GT(relative_error(raw, exact), 1e-4);
    EXPECT_LT(relative_error(answer(quantized, true), raw), 4.0 / 127);  // a quantum here and there
  }
}

// Zeros as input: a scale of 0 must not make a NaN.
TEST(Quantize, ZerosStayZeros) {
  NetworkBuilder builder("zeros");
  const NetworkValue x = builder.input("x", DataType::f32, {1, 4});
  builder.output(builder.matmul(x, builder.constant(drawn({4, 3}, 1))), "y");
  for (const auto scheme : {QuantizationScheme::dynamic_symmetric, QuantizationScheme::dynamic_asymmetric}) {
    QuantizeOptions options;
    options.scheme = scheme;
    Context context = build(quantize(builder.network(), options), {}).create_context();
    context.set_input("x", Tensor(DataType::f32, {1, 4}));
    context.run();
    for (const float y : context.output("y").values<float>()) EXPECT_EQ(y, 0);
  }
}

TEST(Quantize, NamesOfSchemesGoBothWays) {
  for (const char* name : {"static", "static-asymmetric", "dynamic-symmetric", "dynamic-asymmetric",
                           "weights-int8", "weights-int4"})
    EXPECT_EQ(to_string(parse_quantization_scheme(name)), name);
  EXPECT_THROW(parse_quantization_scheme("int2"), ModelError);
  QuantizeOptions options;
  options.scheme = QuantizationScheme::weights_int4;
  options.block = 48;
  EXPECT_THROW(quantize(network(), options), ModelError);
}

}  // namespace
}  // namespace tenon
