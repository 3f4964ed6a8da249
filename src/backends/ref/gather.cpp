#include "ops/gather.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_gather(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Gather>();
  const Tensor& data = call.in(0);
  const std::vector<std::int64_t> indices = to_integers(call.in(1));
  const AxisView view = axis_view(data.shape(), positive_axis(self.axis, data.rank()));
  std::int64_t position = 0;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (const std::int64_t index : indices) {
      const std::int64_t at = checked_index("gather", index, view.size);
      copy_elements(call.out(), position, data, (o * view.size + at) * view.inner, view.inner);
      position += view.inner;
    }
  }
}

}  // namespace
}  // namespace ref

void register_ref_gather(ref::Registry& registry) { registry.add("gather", ref::run_gather); }

}  // namespace tenon
