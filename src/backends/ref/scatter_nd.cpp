#include "ops/scatter_nd.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/scatter_combine.hpp"

namespace tenon {
namespace ref {
namespace {

void run_scatter_nd(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ScatterNd>();
  Tensor& out = call.out();
  const Tensor& updates = call.in(2);
  copy_all(out, call.in(0));
  const std::vector<std::int64_t> indices = to_integers(call.in(1));
  const std::vector<std::int64_t> strides = strides_of(out.shape());
  const auto depth = static_cast<std::size_t>(call.in(1).shape().back());
  const std::int64_t run = depth == 0 ? out.elements() : strides[depth - 1];
  std::int64_t source = 0;
  for (std::size_t next = 0; next < indices.size();) {
    std::int64_t target = 0;
    for (std::size_t i = 0; i < depth; ++i) {
      target += checked_index("scatter_nd", indices[next++], out.shape()[i]) * strides[i];
    }
    for (std::int64_t i = 0; i < run; ++i) combine(out, target + i, updates, source++, self.reduction);
  }
}

}  // namespace
}  // namespace ref

void register_ref_scatter_nd(ref::Registry& registry) { registry.add("scatter_nd", ref::run_scatter_nd); }

}  // namespace tenon
