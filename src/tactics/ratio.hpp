// Ratio: how many times as long one of two takes that ran in turn.
#pragma once

#include <span>
#include <vector>

namespace tenon {

// The median of the ratios within rounds, where what slows down the machine for a while cancels out, and its
// 95 % interval, which needs no assumption about what the times are like.
struct Ratio {
  double median = 1, low = 1, high = 1;

  bool is_sharp(double width) const noexcept { return high - low <= width; }
};

// Of the times `a` to the times `b`, by round, in the rounds that both have: one at least.
Ratio ratio_of(std::span<const double> a, std::span<const double> b);

// The value below which `share` of all lie. At least one value.
double quantile(std::vector<double> values, double share);

}  // namespace tenon
