#include "ops/multinomial.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/random_source.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace ref {
namespace {

void run_multinomial(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Multinomial>();
  const std::vector<double> logits = to_doubles(call.in(0));
  const auto classes = static_cast<std::size_t>(call.in(0).shape()[1]);
  TENON_REQUIRE(classes > 0 || call.out().elements() == 0, "multinomial: there are no classes to draw from");
  Random random = random_source(self.seed);
  std::vector<std::int64_t> draws;
  for (std::size_t row = 0; classes > 0 && row < logits.size(); row += classes) {
    const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(row);
    const double largest = *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes));
    std::vector<double> cumulative;
    double sum = 0;
    for (std::size_t i = 0; i < classes; ++i)
      cumulative.push_back(sum += std::exp(logits[row + i] - largest));
    for (std::int64_t n = 0; n < self.sample_size; ++n) {
      const auto drawn = std::lower_bound(cumulative.begin(), cumulative.end(), uniform_real(random) * sum);
      draws.push_back(
          std::min<std::int64_t>(drawn - cumulative.begin(), static_cast<std::int64_t>(classes) - 1));
    }
  }
  store_integers(draws, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_multinomial(ref::Registry& registry) { registry.add("multinomial", ref::run_multinomial); }

}  // namespace tenon
