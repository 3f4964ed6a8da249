#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_expand(const Op&, const Call& call) {
  const std::vector<std::int64_t> strides = broadcast_strides(call.in(0).shape(), call.out().shape());
  gather_into(call.out(), call.in(0), [&](auto index) { return dot(index, strides); });
}

}  // namespace
}  // namespace ref

void register_ref_expand(ref::Registry& registry) { registry.add("expand", ref::run_expand); }

}  // namespace tenon
