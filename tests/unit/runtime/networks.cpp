#include "networks.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::test {

Tensor random_tensor(Shape shape, std::uint64_t seed) {
  Tensor tensor(DataType::f32, std::move(shape));
  Random random(seed);
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(-1.0F, 1.0F);
  return tensor;
}

Tensor random_bytes(DataType dtype, const Shape& shape, std::uint64_t seed) {
  const Tensor floats = random_tensor(shape, seed);
  Tensor values(dtype, shape);
  std::ranges::transform(floats.values<float>(), reinterpret_cast<std::int8_t*>(values.mutable_data()),
                         [](float v) { return static_cast<std::int8_t>(v * 127); });
  return values;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return INFINITY;
  double difference = 0, largest = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.elements()); ++i) {
    const double x = a.values<float>()[i], y = b.values<float>()[i];
    if (!(std::abs(x - y) <= difference)) difference = std::abs(x - y);
    largest = std::max(largest, std::abs(x));
  }
  return difference / largest;
}

std::vector<const PlanStep*> steps_of_kind(const Plan& plan, std::string_view kind) {
  std::vector<const PlanStep*> found;
  for (const PlanStep& step : plan.profiles[0].steps) {
    if (step.kind == kind) found.push_back(&step);
  }
  return found;
}

}  // namespace tenon::test
