#include "ops/concat_from_sequence.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_concat_from_sequence(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ConcatFromSequence>();
  std::vector<Tensor> parts;
  for (const Data& element : call.inputs[0].sequence().elements) parts.push_back(element.tensor());
  TENON_REQUIRE(!parts.empty(), "concat_from_sequence: the sequence is empty");
  const std::int64_t rank = parts.front().rank();
  if (self.new_axis) {
    call.outputs[0] = stack(parts, positive_axis(self.axis, rank + 1));
    return;
  }
  TENON_REQUIRE(self.axis >= -rank && self.axis < rank, "concat_from_sequence: axis {} of rank-{} tensors",
                self.axis, rank);
  const std::int64_t axis = positive_axis(self.axis, rank);
  Shape shape = parts.front().shape();
  std::int64_t& extent = shape[static_cast<std::size_t>(axis)];
  extent = 0;
  for (const Tensor& part : parts) {
    TENON_REQUIRE(part.rank() == rank, "concat_from_sequence: tensors of ranks {} and {}", rank, part.rank());
    extent += part.shape()[static_cast<std::size_t>(axis)];
  }
  Tensor out(parts.front().dtype(), std::move(shape));
  concat_into(out, parts, axis);
  call.outputs[0] = std::move(out);
}

}  // namespace
}  // namespace ref

void register_ref_concat_from_sequence(ref::Registry& registry) {
  registry.add("concat_from_sequence", ref::run_concat_from_sequence);
}

}  // namespace tenon
