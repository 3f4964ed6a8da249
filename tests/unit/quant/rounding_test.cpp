// Adaptive rounding against closed forms and against rounding to the nearest.
#include "quant/rounding.hpp"

#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "quant/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tenon::quant {
namespace {

TEST(Rounding, FactorIsThatOfTheMoments) {
  // R = [[2, 1], [0, 3]]: R Rᵀ = [[5, 3], [3, 9]]; the damping is 0.01 · 7 on the diagonal.
  const std::vector<float> r = factorize({5 - 0.07F, 3, 3, 9 - 0.07F}, 2);
  EXPECT_NEAR(r[0], 2, 2e-3F);
  EXPECT_NEAR(r[1], 1, 2e-3F);
  EXPECT_EQ(r[2], 0.0F);
  EXPECT_NEAR(r[3], 3, 2e-3F);
}

TEST(Rounding, IndependentInputsRoundToTheNearest) {
  std::vector<float> rows = {0.4F, 1.6F, -2.5F, 500, 0.3F, 0.9F, -0.1F, 0};
  round_rows(rows, {1, 0.5F}, 4, factorize({1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4}, 4));
  EXPECT_EQ(rows, (std::vector<float>{0, 2, -2, 127, 0.5F, 1, 0, 0}));
}

TEST(Rounding, EqualInputsShareTheirErrors) {
  // Both inputs are always the same, so only the sum of the weights counts: 0.4 + 0.4 is nearer to 1 than to
  // 0.
  std::vector<float> rows = {0.4F, 0.4F};
  round_rows(rows, {1}, 2, factorize({100, 100, 0, 100}, 2));
  EXPECT_EQ(rows, (std::vector<float>{0, 1}));
  // But the largest keeps its place.
  rows = {0.4F, 0.45F};
  round_rows(rows, {1}, 2, factorize({100, 100, 0, 100}, 2));
  EXPECT_EQ(rows, (std::vector<float>{0, 0}));
  // And those that never come cost nothing.
  rows = {0.4F, 0.4F};
  round_rows(rows, {1}, 2, factorize({0, 0, 0, 0}, 2));
  EXPECT_EQ(rows, (std::vector<float>{0, 0}));
}

TEST(InputMoments, AreThoseOfPatches) {
  // A kernel of two rows over [0, 2, 4, 6] padded by one in front, stride 2: patches (0, 0), (2, 4).
  const Graph graph = parse(R"(
graph @net(%x: f32[1,1,4,1]) {
  %w = constant {value=f32[1,1,2,1] [0.4, 0.45]} : f32[1,1,2,1]
  %y = conv(%x, %w) {stride=[2,1], pad=[1,0,0,0]} : f32[1,1,2,1] loc("conv")
  return %y as "y"
})",
                            builtin_ops());
  const std::vector<Layer> layers = quantizable_layers(graph);
  std::vector<InputMoments> moments = {InputMoments(graph, layers[0])};
  const std::vector<float> x = {0, 2.2F, 4.4F, 6};
  moments[0].add(Tensor::of<float>({1, 1, 4, 1}, x), Grid{2, -128, 127});
  EXPECT_EQ(moments[0].of_group(0), (std::vector<float>{4, 8, 0, 16}));
  EXPECT_FALSE(moments[0].suffices());
  EXPECT_EQ(weight_rows(round_weights_by(graph, layers, moments), layers[0]),
            (std::vector<float>{0.4F, 0.45F}));
  moments[0].add(Tensor::of<float>({1, 1, 4, 1}, x), Grid{2, -128, 127});
  EXPECT_TRUE(moments[0].suffices());
  const Graph rounded = round_weights_by(graph, layers, moments);
  rounded.verify();
  const std::vector<float> rows = weight_rows(rounded, quantizable_layers(rounded)[0]);
  EXPECT_EQ(weight_scales(rows, 2), weight_scales({0.4F, 0.45F}, 2));
  EXPECT_FLOAT_EQ(rows[0], 0.45F / 127 * 113);  // 112.9 to the nearest, nothing before it
}

TEST(InputMoments, OfATransposedConvolutionAreThoseOfWhatMeetsInAResult) {
  // [1, 3] of one channel, stride 2, a kernel of three: results w0·1, w1·1, w2·1 + w0·3, w1·3, w2·3.
  const Graph graph = parse(R"(
graph @net(%x: f32[1,1,2,1]) {
  %w = constant {value=f32[1,1,3,1] [0.4, 0.45, 0.2]} : f32[1,1,3,1]
  %y = conv_transpose(%x, %w) {stride=[2,1]} : f32[1,1,5,1] loc("up")
  return %y as "y"
})",
                            builtin_ops());
  const std::vector<Layer> layers = quantizable_layers(graph);
  ASSERT_EQ(layers.size(), 1U);
  InputMoments moments(graph, layers[0]);
  moments.add(Tensor::of<float>({1, 1, 2, 1}, std::vector<float>{1, 3}), Grid{1, -128, 127});
  EXPECT_EQ(moments.of_group(0), (std::vector<float>{10, 0, 3, 0, 10, 0, 0, 0, 10}));
}

TEST(Rounding, ErrorsOfResultsShrink) {
  constexpr std::size_t kInputs = 24;
  constexpr std::size_t kSamples = 400;
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> samples;
  std::vector<float> moments(kInputs * kInputs);
  for (std::size_t s = 0; s < kSamples; ++s) {
    // Neighbours go together, as pixels do.
    std::vector<float> x(kInputs);
    float walk = 0;
    for (float& value : x) value = walk = 0.9F * walk + 0.3F * normal(random);
    for (std::size_t i = 0; i < kInputs; ++i) {
      for (std::size_t j = 0; j < kInputs; ++j) moments[i * kInputs + j] += x[i] * x[j];
    }
    samples.push_back(std::move(x));
  }
  std::vector<float> weights(kInputs);
  for (float& w : weights) w = normal(random);
  const float scale = 0.3F;
  std::vector<float> nearest = weights;
  for (float& w : nearest) w = std::nearbyint(w / scale) * scale;
  std::vector<float> adapted = weights;
  round_rows(adapted, {scale}, kInputs, factorize(moments, kInputs));
  const auto loss = [&](const std::vector<float>& rounded) {
    double sum = 0;
    for (const auto& x : samples) {
      double error = 0;
      for (std::size_t i = 0; i < kInputs; ++i)
        error += static_cast<double>((rounded[i] - weights[i]) * x[i]);
      sum += error * error;
    }
    return sum;
  };
  for (const float w : adapted) EXPECT_NEAR(w / scale, std::nearbyint(w / scale), 1e-4F);
  EXPECT_LT(loss(adapted), 0.7 * loss(nearest));
}

}  // namespace
}  // namespace tenon::quant
