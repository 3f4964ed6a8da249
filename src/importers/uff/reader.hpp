// Reads UFF: the protobuf message MetaGraph, in place.
#pragma once

#include "importers/uff/model.hpp"
#include "ir/graph.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::uff {

// The file's versions and the extensions that it needs are checked. ModelError when the bytes are no UFF.
MetaGraphDef read_meta_graph(std::string_view bytes);

// Whether a file that begins like this can be UFF.
bool looks_like_uff(std::string_view head);

// A Data message; references are followed into the graph's referenced data. ModelError when one leads
// nowhere.
Data read_data(const MetaGraphDef& graph, std::string_view message);

// The numbers of an `integers` or `booleans` list. ModelError beyond `limit` elements.
std::vector<std::int64_t> read_integers(const Data& data, std::size_t limit);

// The name of a kind for messages: "a list of integers".
std::string_view kind_name(Data::Kind kind);

// ModelError for a code that UFF does not define.
DataType data_type(std::uint64_t code);

// How the axes of one operand lie in the file, one character for an axis: 'N' is the batch (of weights: the
// outputs), 'C' the channels, '+' every spatial axis. "N+C", "NC+", "+CN", "CN", …
using AxisOrder = std::string;

// Of an `orders_list`: the order of each operand.
std::vector<AxisOrder> read_orders(const Data& data);

}  // namespace tenon::uff
