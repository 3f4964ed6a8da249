#include "quant/weights.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace tenon::quant {
namespace {

Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::of<float>(std::move(shape), std::span<const float>(values));
}

Tensor random_floats(Shape shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& value : values) value = normal(random);
  return floats(std::move(shape), std::move(values));
}

template <class T>
std::vector<T> list(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

// Codes of 4 bits, two in a byte, the first one in the low half.
std::vector<int> nibbles(const Tensor& tensor) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const int code = (static_cast<int>(tensor.data()[i / 2]) >> (i % 2 * 4)) & 15;
    codes.push_back(tensor.dtype() == DataType::i4 && code > 7 ? code - 16 : code);
  }
  return codes;
}

TEST(QuantizeWeights, EachChannelHasAScaleOfItsOwn) {
  const QuantizedWeights q = quantize_channels(floats({2, 3}, {127, -63.5F, 0.5F, 0.0F, -2.54F, 1.27F}), 0);
  EXPECT_EQ(q.values.dtype(), DataType::i8);
  EXPECT_EQ(q.scales.shape(), Shape{2});
  EXPECT_EQ(list<float>(q.scales), (std::vector<float>{1, 2.54F / 127}));
  // Halves go to the even side.
  EXPECT_EQ(list<std::int8_t>(q.values), (std::vector<std::int8_t>{127, -64, 0, 0, -127, 64}));
  EXPECT_FALSE(q.has_zeros());
}

TEST(QuantizeWeights, ChannelsMayLieAlongAnyAxis) {
  const QuantizedWeights q = quantize_channels(floats({2, 2}, {127, 1, -12.7F, 0.5F}), 1);
  EXPECT_EQ(list<float>(q.scales), (std::vector<float>{1, 1 / 127.0F}));
  EXPECT_EQ(list<std::int8_t>(q.values), (std::vector<std::int8_t>{127, 127, -13, 64}));
}

TEST(QuantizeWeights, ZerosAndTheSmallestNumbersHaveAScale) {
  const float least = std::numeric_limits<float>::denorm_min();
  const QuantizedWeights q = quantize_channels(floats({2, 2}, {0, 0, least, -least}), 0);
  EXPECT_EQ(list<float>(q.scales), (std::vector<float>{1, 1}));
  EXPECT_EQ(list<std::int8_t>(q.values), (std::vector<std::int8_t>(4, 0)));
}

TEST(QuantizeWeights, WhatIsNotFiniteIsRefused) {
  EXPECT_THROW(quantize_channels(floats({2}, {1, NAN}), 0), ModelError);
  EXPECT_THROW(quantize_blocks(floats({1, 2}, {1, -INFINITY}), 1, 32, false), ModelError);
}

TEST(QuantizeWeights, SignalToNoiseIsThatOfTheRestoredWeights) {
  const QuantizedWeights q = quantize_channels(floats({1, 2}, {127, 0.25F}), 0);
  EXPECT_NEAR(q.sqnr_db, 10 * std::log10((127.0 * 127 + 0.0625) / 0.0625), 1e-9);
  EXPECT_TRUE(std::isinf(quantize_channels(floats({1, 2}, {127, 64}), 0).sqnr_db));
}

// Six numbers along the axis in blocks of four: the second block has two.
TEST(QuantizeWeights, TheLastBlockMayBeSmaller) {
  const QuantizedWeights q = quantize_blocks(floats({6, 1}, {7, -3, 2, 0, 0.5F, -0.25F}), 0, 4, false);
  EXPECT_EQ(q.values.dtype(), DataType::i4);
  EXPECT_EQ(q.scales.shape(), (Shape{2, 1}));
  EXPECT_EQ(q.values.shape(), (Shape{6, 1}));
  EXPECT_EQ(list<float>(q.scales)[0], 1);
  const std::vector<int> codes = nibbles(q.values);
  EXPECT_EQ(std::vector<int>(codes.begin(), codes.begin() + 4), (std::vector<int>{7, -3, 2, 0}));
}

TEST(QuantizeWeights, BlocksLieAlongTheAxisAtEachPlaceOfTheOthers) {
  const QuantizedWeights q = quantize_blocks(floats({2, 2, 2}, {1, 10, 2, 20, 3, 30, 4, 40}), 1, 2, false);
  EXPECT_EQ(q.scales.shape(), (Shape{2, 1, 2}));
  const std::vector<float> scales = list<float>(q.scales);
  for (std::size_t i = 0; i < 4; ++i) {
    const float most = std::vector<float>{2, 20, 4, 40}[i];
    EXPECT_LE(scales[i], most / 7) << i;
    EXPECT_GE(scales[i], most / 9) << i;
  }
}

TEST(QuantizeWeights, ZeroPointsServeRangesOfOneSign) {
  std::vector<float> values(32);
  for (std::size_t i = 0; i < 32; ++i) values[i] = 0.5F * static_cast<float>(i % 16);
  const QuantizedWeights positive = quantize_blocks(floats({1, 32}, values), 1, 32, true);
  EXPECT_EQ(positive.values.dtype(), DataType::u4);
  EXPECT_EQ(nibbles(positive.zeros), std::vector<int>{0});
  EXPECT_TRUE(std::isinf(positive.sqnr_db));
  for (float& value : values) value = -value;
  const QuantizedWeights negative = quantize_blocks(floats({1, 32}, values), 1, 32, true);
  EXPECT_EQ(nibbles(negative.zeros), std::vector<int>{15});
  EXPECT_TRUE(std::isinf(negative.sqnr_db));
}

// The error is no larger than with the plain scale, and smaller blocks have less of it.
TEST(QuantizeWeights, ScalesAreChosenByTheirError) {
  const Tensor weights = random_floats({64, 128}, 5);
  const QuantizedWeights chosen = quantize_blocks(weights, 1, 32, false);
  double noise = 0;
  double signal = 0;
  const auto values = weights.values<float>();
  for (std::size_t begin = 0; begin < values.size(); begin += 32) {
    float most = 0;
    for (std::size_t i = begin; i < begin + 32; ++i) most = std::max(most, std::fabs(values[i]));
    for (std::size_t i = begin; i < begin + 32; ++i) {
      const double step = static_cast<double>(most) / 7;
      const double error =
          static_cast<double>(values[i]) - std::nearbyint(static_cast<double>(values[i]) / step) * step;
      noise += error * error;
      signal += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
  }
  EXPECT_GT(chosen.sqnr_db, 10 * std::log10(signal / noise) + 0.3);
  EXPECT_GT(chosen.sqnr_db, quantize_blocks(weights, 1, 128, false).sqnr_db + 1);
  EXPECT_GT(quantize_channels(weights, 0).sqnr_db, chosen.sqnr_db + 15);
}

}  // namespace
}  // namespace tenon::quant
