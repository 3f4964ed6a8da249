// Replaces a node by what its operator decomposes into.
#pragma once

#include "ir/graph.hpp"

namespace tenon {

// Puts the operator's parts in the node's place; the node stays, without users, unless a tap keeps one of its
// values. False, and no change, when the operator does not decompose. `move_taps`: taps of the node's values
// go over to the parts' (see Patch::move_taps). Errors name the node's location.
bool decompose_node(Graph& graph, NodeId id, bool move_taps);

}  // namespace tenon
