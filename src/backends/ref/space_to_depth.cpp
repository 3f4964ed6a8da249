#include "ops/space_to_depth.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_space_to_depth(const Op& op, const Call& call) {
  const auto& self = *op.as<op::SpaceToDepth>();
  const std::int64_t b = self.blocksize;
  const std::vector<std::int64_t> strides = strides_of(call.in(0).shape());
  const std::int64_t depth = call.in(0).shape()[1];
  gather_into(call.out(), call.in(0), [&](auto index) {
    const bool depth_first = self.mode == op::DepthToSpaceMode::crd;
    const std::int64_t block = depth_first ? index[1] % (b * b) : index[1] / depth;
    const std::int64_t channel = depth_first ? index[1] / (b * b) : index[1] % depth;
    return dot(
        std::vector<std::int64_t>{index[0], channel, index[2] * b + block / b, index[3] * b + block % b},
        strides);
  });
}

}  // namespace
}  // namespace ref

void register_ref_space_to_depth(ref::Registry& registry) {
  registry.add("space_to_depth", ref::run_space_to_depth);
}

}  // namespace tenon
