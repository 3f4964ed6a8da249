// The range that each rule chooses for data whose right answer is known.
#include "base/random.hpp"
#include "unit/quant/observing.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::quant {
namespace {

using test::Batches;
using test::chosen;
using test::kFaithful;
using test::kFree;

constexpr const char* kRules[] = {"entropy", "entropy-2",       "min-max",          "percentile:99.9",
                                  "mse",     "legacy:0.9999,1", "legacy:0.9999,0.5"};

// A bell: sums of uniform numbers.
std::vector<float> bell(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& x : values) {
    x = 0;
    for (int i = 0; i < 12; ++i) x += random.uniform(-0.5F, 0.5F);
  }
  return values;
}

TEST(Ranges, OfZerosAreEmpty) {
  for (const char* rule : kRules) {
    const TensorRange range = chosen({{0.0F, 0.0F}}, kFree, rule);
    EXPECT_EQ(range.threshold, 0.0F) << rule;
    EXPECT_EQ(range.scale(), 0.0F) << rule;
  }
}

TEST(Ranges, OfAConstantHoldIt) {
  for (const char* rule : kRules) {
    for (const float value : {3.0F, -3.0F}) {
      for (const CalibrationMode mode : {kFaithful, kFree}) {
        const TensorRange range = chosen({std::vector<float>(100, value)}, mode, rule);
        EXPECT_NEAR(range.threshold, 3.0F, 3.0F / 500) << rule;
        EXPECT_NEAR(value > 0 ? range.high : -range.low, 3.0F, 3.0F / 500) << rule;
        EXPECT_EQ(value > 0 ? range.low : range.high, 0.0F) << rule;
      }
    }
  }
}

TEST(Ranges, OfTheLargestFloatsAreFinite) {
  constexpr float kMost = std::numeric_limits<float>::max();
  for (const char* rule : kRules) {
    for (const CalibrationMode mode : {kFaithful, kFree}) {
      const TensorRange range = chosen({{kMost, 0.9F * kMost, -kMost, 1.0F}}, mode, rule);
      EXPECT_TRUE(std::isfinite(range.threshold)) << rule;
      EXPECT_TRUE(std::isfinite(range.low) && std::isfinite(range.high)) << rule;
    }
  }
}

TEST(Ranges, MinMaxIsExact) {
  const TensorRange range = chosen({{-0.3F, 0.7F}, {-1.7F, 0.1F}}, kFree, "min-max");
  EXPECT_EQ(range.threshold, 1.7F);
  EXPECT_EQ(range.low, -1.7F);
  EXPECT_EQ(range.high, 0.7F);
  const TensorRange positive = chosen({{0.5F, 2.0F}}, kFree, "min-max");
  EXPECT_EQ(positive.low, 0.0F) << "zero is always inside";
}

// Whether `part` of the sorted values lie below `bound`, give or take a bin.
void expect_quantile(const std::vector<float>& sorted, float bound, double part, float width) {
  const auto below = [&](float x) {
    const auto count = std::lower_bound(sorted.begin(), sorted.end(), x) - sorted.begin();
    return static_cast<double>(count) / static_cast<double>(sorted.size());
  };
  EXPECT_LE(below(bound - width), part);
  EXPECT_GE(below(bound + width), part);
}

TEST(Ranges, PercentilesAreThoseOfTheSortedValues) {
  std::vector<float> values = bell(50000, 1);
  const float width = test::observed({values}, kFree).histogram.width;
  std::vector<float> magnitudes(values);
  for (float& x : magnitudes) x = std::abs(x);
  std::sort(values.begin(), values.end());
  std::sort(magnitudes.begin(), magnitudes.end());
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    SCOPED_TRACE(percent);
    const TensorRange range = chosen({values}, kFree, "percentile:" + std::to_string(percent));
    expect_quantile(magnitudes, range.threshold, percent / 100, width);
    expect_quantile(values, range.low, (1 - percent / 100) / 2, width);
    expect_quantile(values, range.high, (1 + percent / 100) / 2, width);
  }
  EXPECT_EQ(chosen({values}, kFree, "percentile:100").threshold, magnitudes.back());
}

double squared_error(const std::vector<float>& values, double threshold) {
  double sum = 0;
  for (const float x : values) {
    const double step = threshold / 127;
    const double code = std::clamp(std::nearbyint(static_cast<double>(x) / step), -127.0, 127.0);
    sum += std::pow(static_cast<double>(x) - code * step, 2);
  }
  return sum;
}

TEST(Ranges, MseIsNearlyTheBestThreshold) {
  std::vector<float> values = bell(40000, 2);
  for (std::size_t i = 0; i < values.size(); i += 200) values[i] *= 4;  // outliers worth cutting
  const float most = *std::max_element(values.begin(), values.end());
  const float threshold = chosen({values}, kFree, "mse").threshold;
  double least = HUGE_VAL;
  for (int i = 1; i <= 200; ++i) least = std::min(least, squared_error(values, most * i / 200.0));
  EXPECT_LE(squared_error(values, static_cast<double>(threshold)), least * 1.02);
  EXPECT_LT(threshold, most) << "some outliers are cut";
}

TEST(Ranges, EntropyCutsALongTail) {
  std::vector<float> values = bell(200000, 3);
  values[0] = 40;
  for (const char* rule : {"entropy", "entropy-2"}) {
    const float threshold = chosen({values}, kFaithful, rule).threshold;
    EXPECT_LT(threshold, 8.0F) << rule;
    EXPECT_GT(threshold, 2.0F) << rule;
  }
}

TEST(Ranges, EmptyBinsBetweenValuesAreNoObstacle) {
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) values.push_back(static_cast<float>(i % 10));
  for (const char* rule : kRules) {
    const float threshold = chosen({values}, kFree, rule).threshold;
    EXPECT_GT(threshold, 0.0F) << rule;
    EXPECT_LE(threshold, 9.1F) << rule;
  }
}

TEST(Ranges, LegacyRegressionStopsWhereTheTailEnds) {
  // Counts fall by e every 0.1: one is left at about 0.1 · ln(100000).
  std::vector<float> values;
  for (int i = 0; i < 400; ++i) {
    const double x = i * 0.005;
    const auto count = static_cast<std::size_t>(100000 * 0.05 * std::exp(-x / 0.1));
    values.insert(values.end(), count, static_cast<float>(x));
  }
  values.push_back(30.0F);  // an outlier that the quantile keeps
  EXPECT_EQ(chosen({values}, kFree, "legacy:1,1").threshold, 30.0F);
  const TensorRange cut = chosen({values}, kFree, "legacy:1,0.01");
  EXPECT_LT(cut.threshold, 5.0F);
  EXPECT_GT(cut.threshold, 0.5F);
}

TEST(Ranges, MovingAverageTakesTheFaithfulMode) {
  const TensorRange range = chosen({{-1.0F, 2.0F}, {-3.0F, 4.0F}}, kFaithful, "moving-average");
  EXPECT_FLOAT_EQ(range.threshold, 2.02F);
  EXPECT_FLOAT_EQ(range.low, -1.02F);
  EXPECT_THROW(static_cast<void>(chosen({{1.0F}}, kFree, "moving-average")), ModelError);
}

TEST(Rules, ReadWhatTheyWrite) {
  for (const char* text : {"entropy", "entropy-2", "min-max", "moving-average", "percentile:99.99",
                           "percentile:100", "mse", "legacy:0.999999,1", "legacy:0.5,0.25"}) {
    EXPECT_EQ(to_string(parse_calibration_rule(text)), text);
  }
  EXPECT_EQ(to_string(parse_calibration_rule("percentile")), "percentile:99.99");
  EXPECT_EQ(to_string(parse_calibration_rule("legacy:0.5")), "legacy:0.5,1");
  for (const char* wrong : {"", "entropy2 ", "min-max:1", "percentile:", "percentile:0", "percentile:101",
                            "percentile:nan", "percentile:1,2", "legacy:0.5,2", "legacy:1,1,1", "mse:"}) {
    EXPECT_THROW(static_cast<void>(parse_calibration_rule(wrong)), ModelError) << wrong;
  }
}

}  // namespace
}  // namespace tenon::quant
