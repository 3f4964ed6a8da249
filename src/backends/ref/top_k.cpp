#include "ops/top_k.hpp"

#include "backends/ref/elements.hpp"

#include <algorithm>
#include <numeric>

namespace tenon {
namespace ref {
namespace {

void run_top_k(const Op& op, const Call& call) {
  const auto& self = *op.as<op::TopK>();
  const Tensor& data = call.in(0);
  const std::int64_t axis = positive_axis(self.axis, data.rank());
  const AxisView view = axis_view(data.shape(), axis);
  const std::int64_t k = call.out(0).shape()[static_cast<std::size_t>(axis)];
  const auto indices = call.out(1).mutable_values<std::int64_t>();
  std::vector<std::int64_t> order(static_cast<std::size_t>(view.size));
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t i = 0; i < view.inner; ++i) {
      const auto at = [&](std::int64_t place) { return (o * view.size + place) * view.inner + i; };
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        const int sign = compare_elements(data, at(a), at(b));
        return self.largest ? sign > 0 : sign < 0;
      });
      for (std::int64_t n = 0; n < k; ++n) {
        const std::int64_t target = (o * k + n) * view.inner + i;
        copy_elements(call.out(0), target, data, at(order[static_cast<std::size_t>(n)]));
        indices[static_cast<std::size_t>(target)] = order[static_cast<std::size_t>(n)];
      }
    }
  }
}

}  // namespace
}  // namespace ref

void register_ref_top_k(ref::Registry& registry) { registry.add("top_k", ref::run_top_k); }

}  // namespace tenon
