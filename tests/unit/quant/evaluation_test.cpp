// The numbers of an evaluation, against values from tables and closed forms.
#include "quant/compare_answers.hpp"

#include <tenon/error.hpp>
#include <tenon/evaluate.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon {
namespace {

TEST(EstimateShare, IsWilsonsInterval) {
  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I: 81 of 263, 15 of
  // 148, 0 of 20, 1 of 29.
  const auto check = [](std::uint64_t successes, std::uint64_t n, double low, double high) {
    const Estimate estimate = estimate_share(successes, n);
    EXPECT_NEAR(estimate.low, low, 5e-5) << successes << " of " << n;
    EXPECT_NEAR(estimate.high, high, 5e-5) << successes << " of " << n;
    EXPECT_EQ(estimate.value, static_cast<double>(successes) / static_cast<double>(n));
    EXPECT_EQ(estimate.samples, n);
  };
  check(81, 263, 0.2553, 0.3662);
  check(15, 148, 0.0624, 0.1605);
  check(0, 20, 0, 0.1611);
  check(1, 29, 0.0061, 0.1718);
  EXPECT_EQ(estimate_share(7, 7).high, 1.0);
  EXPECT_THROW(static_cast<void>(estimate_share(0, 0)), ModelError);
}

TEST(EstimateMean, IsStudentsInterval) {
  // The quantiles for 4, 9 and 30 degrees of freedom as in every table: 2.776, 2.262, 2.042.
  const auto check = [](std::size_t n, double quantile, double tolerance) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(i));
    const double count = static_cast<double>(n);
    const double deviation = std::sqrt(count * (count + 1) / 12);  // of 0 … n - 1, with n - 1 below
    const Estimate estimate = estimate_mean(values);
    EXPECT_DOUBLE_EQ(estimate.value, (count - 1) / 2);
    EXPECT_NEAR((estimate.high - estimate.low) / 2 / (deviation / std::sqrt(count)), quantile, tolerance);
  };
  check(2, 12.706, 1e-3);
  check(3, 4.303, 1e-3);
  check(4, 3.182, 1e-2);
  check(5, 2.776, 2e-3);
  check(10, 2.262, 1e-3);
  check(31, 2.042, 1e-3);
  const double one = 3;
  EXPECT_EQ(estimate_mean({&one, 1}).value, 3);
  EXPECT_EQ(estimate_mean({&one, 1}).high, std::numeric_limits<double>::infinity());
}

TEST(CompareAnswers, BestClassIsTheFirstOfTheLargest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(quant::best_class(std::vector<double>{1, 3, 3, 2}), 1U);
  EXPECT_EQ(quant::best_class(std::vector<double>{nan, -3, nan}), 1U);
}

TEST(CompareAnswers, DivergenceOfTwoCoins) {
  const std::vector<double> p = {0.5, 0.5};
  const std::vector<double> q = {0.25, 0.75};
  EXPECT_DOUBLE_EQ(quant::divergence(p, q), 0.5 * std::log(2) + 0.5 * std::log(2.0 / 3));
  EXPECT_EQ(quant::divergence(p, p), 0);
  EXPECT_DOUBLE_EQ(quant::divergence(std::vector<double>{0, 1}, std::vector<double>{1, 0}), -std::log(1e-10));
}

TEST(CompareAnswers, ScoresBecomeProbabilitiesOnce) {
  const std::vector<double> logits = {1000, 1000 + std::log(3)};
  const std::vector<double> p = quant::probabilities(logits, false);
  EXPECT_NEAR(p[0], 0.25, 1e-12);
  EXPECT_NEAR(p[1], 0.75, 1e-12);
  EXPECT_FALSE(quant::are_probabilities(logits));
  EXPECT_TRUE(quant::are_probabilities(p));
  EXPECT_EQ(quant::probabilities(p, true), p);
  EXPECT_FALSE(quant::are_probabilities(std::vector<double>{-0.1, 1.1}));
}

TEST(CompareAnswers, CosineAndNoise) {
  quant::PairSums sums;
  EXPECT_EQ(sums.cosine(), 1);
  EXPECT_EQ(sums.sqnr_db(), std::numeric_limits<double>::infinity());
  sums.add(std::vector<double>{3, 4}, std::vector<double>{4, 3});
  EXPECT_DOUBLE_EQ(sums.cosine(), 24.0 / 25);
  EXPECT_DOUBLE_EQ(sums.sqnr_db(), 10 * std::log10(25.0 / 2));
}

}  // namespace
}  // namespace tenon
