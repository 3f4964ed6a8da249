#include "ops/depth_to_space.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_depth_to_space(const Op& op, const Call& call) {
  const auto& self = *op.as<op::DepthToSpace>();
  const std::int64_t b = self.blocksize;
  const std::vector<std::int64_t> strides = strides_of(call.in(0).shape());
  const std::int64_t depth = call.out().shape()[1];
  gather_into(call.out(), call.in(0), [&](auto index) {
    const std::int64_t row = index[2] % b;
    const std::int64_t column = index[3] % b;
    const std::int64_t channel = self.mode == op::DepthToSpaceMode::dcr
                                     ? (row * b + column) * depth + index[1]
                                     : (index[1] * b + row) * b + column;
    return dot(std::vector<std::int64_t>{index[0], channel, index[2] / b, index[3] / b}, strides);
  });
}

}  // namespace
}  // namespace ref

void register_ref_depth_to_space(ref::Registry& registry) {
  registry.add("depth_to_space", ref::run_depth_to_space);
}

}  // namespace tenon
