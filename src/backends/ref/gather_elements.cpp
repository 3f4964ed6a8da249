#include "ops/gather_elements.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_gather_elements(const Op& op, const Call& call) {
  const auto& self = *op.as<op::GatherElements>();
  const Tensor& data = call.in(0);
  const std::vector<std::int64_t> indices = to_integers(call.in(1));
  const std::vector<std::int64_t> strides = strides_of(data.shape());
  const auto axis = static_cast<std::size_t>(positive_axis(self.axis, data.rank()));
  std::size_t next = 0;
  gather_into(call.out(), data, [&](auto index) {
    const std::int64_t at = checked_index("gather_elements", indices[next++], data.shape()[axis]);
    return dot(index, strides) + (at - index[axis]) * strides[axis];
  });
}

}  // namespace
}  // namespace ref

void register_ref_gather_elements(ref::Registry& registry) {
  registry.add("gather_elements", ref::run_gather_elements);
}

}  // namespace tenon
