#include "ops/gather_nd.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_gather_nd(const Op& op, const Call& call) {
  const auto& self = *op.as<op::GatherNd>();
  const Tensor& data = call.in(0);
  const std::vector<std::int64_t> indices = to_integers(call.in(1));
  const std::vector<std::int64_t> strides = strides_of(data.shape());
  const auto batch_axes = static_cast<std::size_t>(self.batch_dims);
  const auto depth = static_cast<std::size_t>(call.in(1).shape().back());
  const std::size_t addressed = batch_axes + depth;
  const std::int64_t run = addressed == 0 ? data.elements() : strides[addressed - 1];

  const Shape lookups(call.in(1).shape().begin(), call.in(1).shape().end() - 1);
  std::size_t next = 0;
  std::int64_t position = 0;
  for_each_index(lookups, [&](std::span<const std::int64_t> index) {
    std::int64_t source = 0;
    for (std::size_t i = 0; i < batch_axes; ++i) source += index[i] * strides[i];
    for (std::size_t i = batch_axes; i < addressed; ++i) {
      source += checked_index("gather_nd", indices[next++], data.shape()[i]) * strides[i];
    }
    copy_elements(call.out(), position, data, source, run);
    position += run;
  });
}

}  // namespace
}  // namespace ref

void register_ref_gather_nd(ref::Registry& registry) { registry.add("gather_nd", ref::run_gather_nd); }

}  // namespace tenon
