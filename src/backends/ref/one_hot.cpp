#include "ops/one_hot.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_one_hot(const Op& op, const Call& call) {
  const auto& self = *op.as<op::OneHot>();
  Tensor& out = call.out();
  const std::int64_t axis = positive_axis(self.axis, out.rank());
  const AxisView view = axis_view(out.shape(), axis);
  const std::vector<double> indices = to_doubles(call.in(0));
  std::int64_t position = 0;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t k = 0; k < view.size; ++k) {
      for (std::int64_t i = 0; i < view.inner; ++i) {
        const double index = indices[static_cast<std::size_t>(o * view.inner + i)];
        const double place = index < 0 ? index + static_cast<double>(view.size) : index;
        copy_elements(out, position++, call.in(2), place == static_cast<double>(k) ? 1 : 0);
      }
    }
  }
}

}  // namespace
}  // namespace ref

void register_ref_one_hot(ref::Registry& registry) { registry.add("one_hot", ref::run_one_hot); }

}  // namespace tenon
