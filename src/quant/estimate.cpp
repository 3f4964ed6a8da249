#include "base/check.hpp"

#include <tenon/evaluate.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon {
namespace {

// The quantile 0.975 of the normal distribution.
constexpr double kNormal = 1.959963984540054;

// The same quantile of Student's distribution: Abramowitz and Stegun, "Handbook of Mathematical Functions",
// 26.7.5, to three places from 3 degrees of freedom on; the exact values below.
double student_quantile(std::uint64_t degrees) {
  if (degrees == 1) return 12.706204736432095;
  if (degrees == 2) return 4.302652729911275;
  const double n = static_cast<double>(degrees);
  const double z = kNormal;
  const double z3 = z * z * z;
  const double z5 = z3 * z * z;
  const double z7 = z5 * z * z;
  const double z9 = z7 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n) +
         (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * n * n * n * n);
}

}  // namespace

Estimate estimate_share(std::uint64_t successes, std::uint64_t n) {
  TENON_REQUIRE(n > 0 && successes <= n, "{} successes in {} trials", successes, n);
  const double count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double z2 = kNormal * kNormal;
  const double middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kNormal / (1 + z2 / count) * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {share, std::max(0.0, middle - half), std::min(1.0, middle + half), n};
}

Estimate estimate_mean(std::span<const double> values) {
  TENON_REQUIRE(!values.empty(), "the mean of no values");
  const double n = static_cast<double>(values.size());
  double sum = 0;
  for (const double x : values) sum += x;
  const double mean = sum / n;
  if (values.size() == 1) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {mean, -kInfinity, kInfinity, 1};
  }
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  const double half = student_quantile(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
  return {mean, mean - half, mean + half, values.size()};
}

}  // namespace tenon
