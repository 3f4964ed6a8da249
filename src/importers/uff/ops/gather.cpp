// Gather along the first axis, GatherV2 along any.
#include "ops/gather.hpp"

#include "importers/uff/node_context.hpp"

namespace tenon::uff {
namespace {

Placed gather_along(NodeContext& node, std::int64_t axis) {
  node.require_inputs(2, 2);
  node.ignore_fields({"indices_dtype", "params_dtype", "validate_indices"});
  const DataType dtype = node.dtype(1);
  const bool fits = dtype == DataType::i32 || dtype == DataType::i64;
  const ValueId indices = node.in_file_order(1);
  return {node.add(op::Gather{.axis = node.file_axis(0, axis)},
                   {node.in_file_order(0), fits ? indices : node.cast(indices, DataType::i64)})};
}

Placed gather(NodeContext& node) { return gather_along(node, 0); }
Placed gather_v2(NodeContext& node) { return gather_along(node, node.find_int("axis").value_or(0)); }

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_gather(uff::Registry& registry) {
  registry.add("Gather", uff::gather);
  registry.add("GatherV2", uff::gather_v2);
}

}  // namespace tenon
