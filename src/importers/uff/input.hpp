// Input nodes: the type of a network's input, from what the file declares and what the caller says.
#pragma once

#include "importers/uff/model.hpp"
#include "importers/uff/node_context.hpp"

#include <tenon/import.hpp>

#include <optional>

namespace tenon::uff {

// Where the image that this input is has its channels in the file, judged by the first operations with an
// order that it reaches; the last axis, as in TensorFlow, when there is none.
Channels file_channels(const MetaGraphDef& def, std::string_view input);

// The first dim of the inputs where they all declare the same number; nothing when it is open.
std::optional<std::int64_t> declared_batch(const MetaGraphDef& def);

// Adds the graph's input.
Placed import_input(NodeContext& node, const ImportOptions& options);

}  // namespace tenon::uff
