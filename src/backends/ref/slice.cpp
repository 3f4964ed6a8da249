#include "ops/slice.hpp"

#include "backends/ref/elements.hpp"
#include "ops/slice_bounds.hpp"

namespace tenon {
namespace ref {
namespace {

void run_slice(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Slice>();
  const Tensor& data = call.in(0);
  const auto starts = int_list(self.starts, call, 1);
  const auto ends = int_list(self.ends, call, 2);
  const auto axes = int_list(self.axes, call, 3);
  const auto steps = int_list(self.steps, call, 4);

  const std::vector<std::int64_t> strides = strides_of(data.shape());
  std::vector<std::int64_t> steps_of(strides.size(), 1);
  std::int64_t origin = 0;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto axis = axes ? static_cast<std::size_t>(positive_axis((*axes)[i], data.rank())) : i;
    steps_of[axis] = steps ? (*steps)[i] : 1;
    origin +=
        op::slice_bounds(data.shape()[axis], (*starts)[i], (*ends)[i], steps_of[axis]).start * strides[axis];
  }
  gather_into(call.out(), data, [&](auto index) {
    std::int64_t source = origin;
    for (std::size_t i = 0; i < index.size(); ++i) source += index[i] * steps_of[i] * strides[i];
    return source;
  });
}

}  // namespace
}  // namespace ref

void register_ref_slice(ref::Registry& registry) { registry.add("slice", ref::run_slice); }

}  // namespace tenon
