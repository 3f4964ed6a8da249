// Decomposition before choosing: a node that only the fallback would take is replaced by its parts.
#pragma once

#include "tactics/choose.hpp"

namespace tenon {

// A tactic for any operator, offered only where nothing faster is.
inline bool is_fallback(const Tactic& tactic) { return tactic.op() == "*"; }

// Repeats until every node is taken whole by a fast tactic or has no parts.
void decompose_unsupported(Graph& graph, const TacticRegistry& tactics, const ChooseOptions& options);

}  // namespace tenon
