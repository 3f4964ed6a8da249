// Graphs whose nodes say where they come from: a node's location is its position, and passes merge the
// locations of what they fuse.
#pragma once

#include "ir/graph.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// The nodes of the body but for constants, in order; a node's place in this list is its position.
std::vector<NodeId> positioned_nodes(const Graph& graph);

// Makes the position of each of these nodes its location.
void mark(Graph& graph, const std::vector<NodeId>& nodes);
void set_location(Graph& graph, NodeId node, std::string location);

// The positions of which a node with that location was made; none where it was made of others.
std::vector<std::size_t> marks_of(std::string_view location);

// A location of marks in the words of the graph before it was marked.
std::string unmarked(std::string_view location, const std::vector<std::string>& locations);
// The same for all nodes of the graph's body.
void unmark(Graph& graph, const std::vector<std::string>& locations);

}  // namespace tenon
