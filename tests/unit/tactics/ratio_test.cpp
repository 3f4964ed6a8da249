#include "tactics/ratio.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon {
namespace {

TEST(Ratio, IsThatOfTheRoundsThatBothHave) {
  const std::vector<double> a{30, 20, 10, 900}, b{10, 10, 10};
  EXPECT_EQ(ratio_of(a, b).median, 2);
}

// The machine becomes five times as slow and recovers, which quantiles of the times alone would mix up.
TEST(Ratio, CancelsWhatSlowsDownBoth) {
  std::vector<double> a, b;
  for (int round = 0; round < 40; ++round) {
    const double slow = round % 20 < 9 ? 5 : 1;
    a.push_back(1.1 * slow);
    b.push_back(slow);
  }
  const Ratio ratio = ratio_of(a, b);
  EXPECT_NEAR(ratio.median, 1.1, 1e-9);
  EXPECT_TRUE(ratio.is_sharp(1e-9));
}

TEST(Ratio, IsNotSharpAfterAFewRounds) {
  EXPECT_FALSE(ratio_of(std::vector<double>{1, 2, 3}, std::vector<double>{1, 1, 1}).is_sharp(1.9));
}

// The true ratio is within the interval in 95 of 100 cases, give or take.
TEST(Ratio, IntervalHoldsTheTruth) {
  Random random(7);
  int held = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> a, b;
    for (int round = 0; round < 31; ++round) {
      a.push_back(1.3 * (1 + random.uniform(0.0F, 0.2F)));
      b.push_back(1 + random.uniform(0.0F, 0.2F));
    }
    const Ratio ratio = ratio_of(a, b);
    held += ratio.low <= 1.3 && 1.3 <= ratio.high ? 1 : 0;
  }
  EXPECT_GT(held, 0.92 * kTrials);
  EXPECT_LT(held, 0.995 * kTrials);
}

TEST(Quantile, IsAnElement) {
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 0), 1);
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 0.25), 2);
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 0.5), 3);
  EXPECT_EQ(quantile({5, 1, 4, 2, 3}, 1), 5);
  EXPECT_EQ(quantile({7}, 0.25), 7);
}

}  // namespace
}  // namespace tenon
