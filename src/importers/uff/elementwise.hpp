// Elementwise operations, for the converters that have them under other names.
#pragma once

#include "importers/uff/registry.hpp"
#include "ops/unary.hpp"

namespace tenon::uff {

Placed add_unary(NodeContext& node, const op::Unary& op);  // of operand 0
Placed add_binary(NodeContext& node, PointwiseFn fn);      // of operands 0 and 1

}  // namespace tenon::uff
