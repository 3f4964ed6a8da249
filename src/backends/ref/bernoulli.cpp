#include "ops/bernoulli.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/random_source.hpp"

namespace tenon {
namespace ref {
namespace {

void run_bernoulli(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Bernoulli>();
  Random random = random_source(self.seed);
  std::vector<double> values = to_doubles(call.in(0));
  for (double& value : values) value = uniform_real(random) <= value ? 1 : 0;
  store_doubles(values, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_bernoulli(ref::Registry& registry) { registry.add("bernoulli", ref::run_bernoulli); }

}  // namespace tenon
