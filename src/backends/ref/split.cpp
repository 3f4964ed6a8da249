#include "ops/split.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_split(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Split>();
  const Tensor& data = call.in(0);
  const std::int64_t axis = positive_axis(self.axis, data.rank());
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    const std::int64_t size = call.out(i).shape()[static_cast<std::size_t>(axis)];
    copy_all(call.out(i), axis_range(data, axis, begin, size));
    begin += size;
  }
}

}  // namespace
}  // namespace ref

void register_ref_split(ref::Registry& registry) { registry.add("split", ref::run_split); }

}  // namespace tenon
