#include "tactics/ratio.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

namespace tenon {

Ratio ratio_of(std::span<const double> a, std::span<const double> b) {
  std::vector<double> ratios(std::min(a.size(), b.size()));
  std::transform(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(ratios.size()), b.begin(), ratios.begin(),
                 std::divides<>());
  std::sort(ratios.begin(), ratios.end());
  const auto last = static_cast<double>(ratios.size() - 1);
  const auto at = [&](double rank) { return ratios[static_cast<std::size_t>(std::clamp(rank, 0.0, last))]; };
  // The rank of the median among n is binomial: 1.96 standard deviations of sqrt(n) / 2.
  const double reach = 0.98 * std::sqrt(last + 1);
  return {at(last / 2), at(std::floor(last / 2 - reach)), at(std::ceil(last / 2 + reach))};
}

double quantile(std::vector<double> values, double share) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace tenon
