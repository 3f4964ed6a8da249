#include "ops/shape.hpp"

#include "backends/ref/elements.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

void run_shape(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ShapeOf>();
  const Shape& shape = call.in(0).shape();
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t start = std::clamp<std::int64_t>(positive_axis(self.start, rank), 0, rank);
  std::copy_n(shape.begin() + start, call.out().elements(),
              call.out().mutable_values<std::int64_t>().begin());
}

}  // namespace
}  // namespace ref

void register_ref_shape(ref::Registry& registry) { registry.add("shape", ref::run_shape); }

}  // namespace tenon
