// Putting pointwise programs together from nodes.
#pragma once

#include "passes/rules/match.hpp"

#include <optional>
#include <vector>

namespace tenon::rules {

// A program and the value of each of its input registers.
struct BoundProgram {
  PointwiseProgram program;
  std::vector<ValueId> inputs;
};

// The node as a program over its operands: elementwise operators, where, cast, and pointwise itself. Scalar
// constants that a float holds exactly become instructions. Nothing for other nodes, and for dtypes that
// programs do not handle.
std::optional<BoundProgram> as_program(const Graph& graph, const Node& node);

// Whether the node, as that program, has the dims of its operand: known to, or since it has no other one.
bool keeps_dims(const Graph& graph, const BoundProgram& program, ValueId operand, ValueId result);

// `outer` with its uses of `value` computed by `inner`. Equal inputs share a register.
BoundProgram compose(const BoundProgram& outer, ValueId value, const BoundProgram& inner);

}  // namespace tenon::rules
