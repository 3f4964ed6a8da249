#include "ops/scatter_elements.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/scatter_combine.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_scatter_elements(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ScatterElements>();
  Tensor& out = call.out();
  const Tensor& updates = call.in(2);
  copy_all(out, call.in(0));
  const std::vector<std::int64_t> indices = to_integers(call.in(1));
  const std::vector<std::int64_t> strides = strides_of(out.shape());
  const auto axis = static_cast<std::size_t>(positive_axis(self.axis, out.rank()));
  std::int64_t next = 0;
  for_each_index(call.in(1).shape(), [&](std::span<const std::int64_t> index) {
    for (std::size_t i = 0; i < index.size(); ++i) {
      TENON_REQUIRE(i == axis || index[i] < out.shape()[i],
                    "scatter_elements: indices have extent {} along axis {}, data only {}",
                    call.in(1).shape()[i], i, out.shape()[i]);
    }
    const std::int64_t at =
        checked_index("scatter_elements", indices[static_cast<std::size_t>(next)], out.shape()[axis]);
    combine(out, dot(index, strides) + (at - index[axis]) * strides[axis], updates, next, self.reduction);
    ++next;
  });
}

}  // namespace
}  // namespace ref

void register_ref_scatter_elements(ref::Registry& registry) {
  registry.add("scatter_elements", ref::run_scatter_elements);
}

}  // namespace tenon
