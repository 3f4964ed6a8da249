// Images of formats that have their channels in the last axis, in a graph whose operators want them in the
// second.
//
// An image is moved at the first operator that wants it so and kept there; what follows renumbers its axes.
// Only an operator that depends on the order of elements puts it back. So no transposition stands between two
// convolutions.
#pragma once

#include "ir/graph.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace tenon {

// Where an image has its channels in the file, for formats that know both ways; unknown until an operator
// says so.
enum class Channels : std::uint8_t { unknown, first, last };

// A value of a file, and how its axes lie in the graph.
struct Placed {
  ValueId id;
  bool moved = false;  // the file's last axis is the value's second
  Channels channels = Channels::unknown;
};

// [0, rank-1, 1, …]: channels from the back to second place; and its inverse.
std::vector<std::int64_t> channels_to_front(std::size_t rank);
std::vector<std::int64_t> channels_to_back(std::size_t rank);

// Where an axis of the file lies in a moved value of that rank.
std::int64_t moved_axis(std::int64_t axis, std::int64_t rank);

// The value itself when nothing moves.
ValueId transpose(Graph& graph, ValueId value, std::vector<std::int64_t> perm);

// As the file has it, and with the last axis in second place. ModelError when the rank is unknown.
ValueId in_file_order(Graph& graph, const Placed& value);
ValueId with_last_axis_second(Graph& graph, const Placed& value);

// In the file's order; ModelError when the rank is unknown.
Dims file_dims(const Graph& graph, const Placed& value);

// Whether the axes of `value` that are left without `gone` (axes in the graph) are in the file's order.
bool in_order_without(const Graph& graph, const Placed& value, const std::set<std::int64_t>& gone);

}  // namespace tenon
