// The built-in operators by name, with default attributes.
#pragma once

#include "ir/op.hpp"

namespace tenon {

// Filled on first use from the entries of src/ops/CMakeLists.txt; thread-safe.
const OpRegistry& builtin_ops();

// Adds an operator for the rest of the process, a plugin. Thread-safe.
void extend_builtin_ops(Op prototype);

// Generated: calls register_op_<entry>(registry) for every entry.
void register_all_op(OpRegistry& registry);

}  // namespace tenon
