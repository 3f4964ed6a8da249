#include "ops/concat.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_concat(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Concat>();
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) parts.push_back(call.in(i));
  concat_into(call.out(), parts, positive_axis(self.axis, call.out().rank()));
}

}  // namespace
}  // namespace ref

void register_ref_concat(ref::Registry& registry) { registry.add("concat", ref::run_concat); }

}  // namespace tenon
