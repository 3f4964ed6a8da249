#include "ops/transpose.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_transpose(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Transpose>();
  const auto& data = call.in(0);
  const std::vector<std::int64_t> own = strides_of(data.shape());
  std::vector<std::int64_t> strides(own.rbegin(), own.rend());
  for (std::size_t i = 0; i < self.perm.size(); ++i) strides[i] = own[static_cast<std::size_t>(self.perm[i])];
  gather_into(call.out(), data, [&](auto index) { return dot(index, strides); });
}

}  // namespace
}  // namespace ref

void register_ref_transpose(ref::Registry& registry) { registry.add("transpose", ref::run_transpose); }

}  // namespace tenon
