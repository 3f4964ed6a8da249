#include "base/random.hpp"
#include "unit/quant/observing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::quant {
namespace {

using test::Batches;
using test::kFaithful;
using test::kFree;
using test::observed;

std::uint64_t total(const TensorHistogram& histogram) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : histogram.negative) sum += count;
  for (const std::uint64_t count : histogram.positive) sum += count;
  return sum;
}

Batches random_batches(std::uint64_t seed) {
  Random random(seed);
  Batches batches(8);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    batches[b].resize(50 + random.below(100));
    const float reach = std::ldexp(1.0F, static_cast<int>(random.below(12)) - 6);
    for (float& x : batches[b]) x = random.one_in(4) ? 0.0F : random.uniform(-reach, reach);
  }
  return batches;
}

TEST(Histogram, FirstBatchSetsTheFaithfulRange) {
  const CalibratedTensor tensor = observed({{1.0F, -0.5F, 0.0F}}, kFaithful);
  EXPECT_EQ(tensor.histogram.width, 1.0F / 2048);
  EXPECT_EQ(tensor.histogram.positive[2047], 1U) << "the largest element counts in the last bin";
  EXPECT_EQ(tensor.histogram.negative[1024], 1U);
  EXPECT_EQ(tensor.histogram.positive[0], 1U);
  EXPECT_EQ(tensor.min, -0.5F);
  EXPECT_EQ(tensor.max, 1.0F);
}

TEST(Histogram, LaterBatchesDoubleTheRange) {
  const CalibratedTensor tensor = observed({{1.0F, 0.25F}, {-3.5F}, {2.0F}}, kFaithful);
  EXPECT_EQ(tensor.histogram.width, 4.0F / 2048);
  EXPECT_EQ(tensor.histogram.negative[1792], 1U);
  EXPECT_EQ(tensor.histogram.positive[1024], 1U);
  EXPECT_EQ(tensor.histogram.positive[511], 1U) << "bin 2047 of the first range, merged twice";
  EXPECT_EQ(tensor.histogram.positive[128], 1U);
  EXPECT_EQ(total(tensor.histogram), 4U);
}

TEST(Histogram, FaithfulRangeIsKeptWhenItIsReachedExactly) {
  EXPECT_EQ(observed({{1.0F}, {-1.0F}}, kFaithful).histogram.width, 1.0F / 2048);
  EXPECT_EQ(observed({{1.0F}, {-1.0F}}, kFree).histogram.width, 2.0F / 2048);
}

TEST(Histogram, OrderDoesNotMatterWithPowerOfTwoWidths) {
  for (std::uint64_t seed = 1; seed < 9; ++seed) {
    Batches batches = random_batches(seed);
    const CalibratedTensor one = observed(batches, kFree);
    std::reverse(batches.begin(), batches.end());
    const CalibratedTensor other = observed(batches, kFree);
    EXPECT_EQ(one.histogram, other.histogram) << seed;
    EXPECT_EQ(one.min, other.min);
    EXPECT_EQ(one.max, other.max);
    // The definition, in one go.
    TensorHistogram expected;
    expected.width = one.histogram.width;
    for (const auto& batch : batches) {
      for (const float x : batch)
        ++(x < 0 ? expected.negative
                 : expected.positive)[static_cast<std::size_t>(std::floor(std::abs(x) / expected.width))];
    }
    EXPECT_EQ(one.histogram, expected) << seed;
    const float most = std::max(one.max, -one.min);
    EXPECT_LT(most, 2048 * one.histogram.width);
    EXPECT_GE(most, 1024 * one.histogram.width);
  }
}

TEST(Histogram, ZerosWaitForAWidth) {
  const CalibratedTensor zeros = observed({{0.0F, -0.0F}, {0.0F}}, kFaithful);
  EXPECT_EQ(zeros.histogram.width, 0.0F);
  EXPECT_EQ(zeros.histogram.positive[0], 3U);
  const CalibratedTensor later = observed({{0.0F, -0.0F}, {0.0F}, {8.0F}}, kFaithful);
  EXPECT_EQ(later.histogram.width, 8.0F / 2048);
  EXPECT_EQ(later.histogram.positive[0], 3U);
}

TEST(Histogram, ExtremeMagnitudes) {
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  for (const CalibrationMode mode : {kFaithful, kFree}) {
    const CalibratedTensor wide = observed({{kLeast}, {-kMost, 1.0F}}, mode);
    EXPECT_TRUE(std::isfinite(wide.histogram.width));
    EXPECT_EQ(total(wide.histogram), 3U);
    EXPECT_EQ(wide.histogram.positive[0], 2U);
    const CalibratedTensor tiny = observed({{kLeast, -kLeast}}, mode);
    EXPECT_TRUE(std::isfinite(1 / tiny.histogram.width));
    EXPECT_EQ(total(tiny.histogram), 2U);
  }
}

TEST(Histogram, RefusesWhatIsNotFiniteAndStaysAsItWas) {
  PlainCounter counter;
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    CalibratedTensor tensor;
    WaitingCounts waiting;
    EXPECT_FALSE(observe_faithfully(tensor, std::vector<float>{1.0F, bad}, counter, waiting));
    EXPECT_EQ(tensor.elements, 0U);
    ASSERT_TRUE(observe_faithfully(tensor, std::vector<float>{1.0F, 2.0F}, counter, waiting));
    EXPECT_FALSE(observe_faithfully(tensor, std::vector<float>{bad, 1.0F}, counter, waiting));
    settle_faithfully(tensor, waiting);
    EXPECT_EQ(tensor.histogram, observed({{1.0F, 2.0F}}, kFaithful).histogram);
    EXPECT_EQ(tensor.elements, 2U);
  }
}

TEST(WaitingCounts, SettleBeforeThirtyTwoBitsOverflow) {
  // A span of that size that nobody reads.
  const float x = 0;
  const std::span<const float> many(&x, 3000000000U);
  class Unread final : public ValueCounter {
   public:
    Extremes extremes(std::span<const float> /*values*/) override { return {}; }
    Extremes count(std::span<const float> values, const BinScale& /*scale*/, Counts& counts) override {
      counts.moved[counter_of(7, false, false)] += static_cast<std::uint32_t>(values.size());
      return {};
    }
  } counter;
  WaitingCounts waiting;
  std::vector<std::uint64_t> positive(TensorHistogram::kBins);
  std::vector<std::uint64_t> negative(TensorHistogram::kBins);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(waiting.takes(many.size()), i == 0);
    if (!waiting.takes(many.size())) waiting.settle(positive, negative, {});
    waiting.add(many, {}, counter);
  }
  waiting.settle(positive, negative, {});
  EXPECT_EQ(positive[7], 9000000000U);
  EXPECT_EQ(std::count(negative.begin(), negative.end(), 0U), TensorHistogram::kBins);
}

TEST(Histogram, AveragesMoveByOnePercent) {
  const CalibratedTensor tensor = observed({{-1.0F, 2.0F}, {-3.0F, 4.0F}}, kFaithful);
  EXPECT_FLOAT_EQ(tensor.average_min, -1.02F);
  EXPECT_FLOAT_EQ(tensor.average_max, 2.02F);
}

TEST(Histogram, EmptyBatchesCountNothing) {
  const CalibratedTensor tensor = observed({{}, {1.0F}, {}}, kFaithful);
  EXPECT_EQ(tensor.elements, 1U);
  EXPECT_EQ(tensor.min, 1.0F);
}

}  // namespace
}  // namespace tenon::quant
