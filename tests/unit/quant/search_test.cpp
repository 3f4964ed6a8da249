// The search for the fewest layers, against budgets whose answer is known.
#include "quant/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tenon::quant {
namespace {

using Set = std::set<std::size_t>;

TEST(FewestLayers, NoneWhereNoneIsNeeded) {
  int tests = 0;
  EXPECT_EQ(fewest_layers(50,
                          [&](const Set&) {
                            ++tests;
                            return true;
                          }),
            Set());
  EXPECT_EQ(tests, 1);
}

TEST(FewestLayers, NothingWhereAllAreTooFew) {
  EXPECT_FALSE(fewest_layers(50, [](const Set&) { return false; }).has_value());
  EXPECT_FALSE(fewest_layers(0, [](const Set&) { return false; }).has_value());
}

TEST(FewestLayers, ThoseThatAreNeeded) {
  // The budget holds exactly when these are there; wherever they stand in the order.
  for (const Set& needed : {Set{0}, Set{49}, Set{0, 7, 20}, Set{3, 4}, Set{0, 1, 2, 3, 4}}) {
    std::size_t tests = 0;
    const auto found = fewest_layers(50, [&](const Set& layers) {
      ++tests;
      return std::includes(layers.begin(), layers.end(), needed.begin(), needed.end());
    });
    EXPECT_EQ(found, needed);
    EXPECT_LE(tests, 13 + *needed.rbegin());
  }
}

TEST(FewestLayers, ABudgetThatIsASum) {
  // Layer i takes 2^-i of the loss away; a loss of 2 has to come below 0.3. 1 + 1/2 + 1/4 do it alone.
  const auto found = fewest_layers(20, [](const Set& layers) {
    double loss = 2;
    for (const std::size_t i : layers) loss -= 1 / static_cast<double>(1U << i);
    return loss < 0.3;
  });
  EXPECT_EQ(found, (Set{0, 1, 2}));
}

}  // namespace
}  // namespace tenon::quant
