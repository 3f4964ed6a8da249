// Runs an operator's inference on values of a Graph or a Patch.
#pragma once

#include "ir/graph.hpp"

#include <span>
#include <vector>

namespace tenon {

// `graph` owns the regions; `values` is it or a patch over it. `outputs` > 0 asks for that many. ModelError
// when the operands do not fit the operator, InternalError when the operator's answer is not consistent.
std::vector<Inference> infer_node(const Op& op, const NodeBuilder& values, const Graph& graph,
                                  std::span<const ValueId> inputs, std::span<const RegionId> regions,
                                  std::size_t outputs);

}  // namespace tenon
