#include "ops/random.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/random_source.hpp"

#include <cmath>
#include <numbers>

namespace tenon {
namespace ref {
namespace {

// Box–Muller transform.
template <class T>
void run_normal(const Op& op, const Call& call) {
  const auto& self = *op.as<T>();
  Random random = random_source(self.seed);
  std::vector<double> values(static_cast<std::size_t>(call.out().elements()));
  for (double& value : values) {
    const double radius = std::sqrt(-2 * std::log(uniform_real(random)));
    const double angle = 2 * std::numbers::pi * uniform_real(random);
    value = self.mean + self.scale * radius * std::cos(angle);
  }
  store_doubles(values, call.out());
}

template <class T>
void run_uniform(const Op& op, const Call& call) {
  const auto& self = *op.as<T>();
  Random random = random_source(self.seed);
  std::vector<double> values(static_cast<std::size_t>(call.out().elements()));
  const double width = static_cast<double>(self.high) - self.low;
  for (double& value : values) value = self.low + width * (1 - uniform_real(random));
  store_doubles(values, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_random(ref::Registry& registry) {
  registry.add("random_normal", ref::run_normal<op::RandomNormal>);
  registry.add("random_normal_like", ref::run_normal<op::RandomNormalLike>);
  registry.add("random_uniform", ref::run_uniform<op::RandomUniform>);
  registry.add("random_uniform_like", ref::run_uniform<op::RandomUniformLike>);
}

}  // namespace tenon
