// Reads graphs from text (docs/text-ir.md has the grammar).
#pragma once

#include "ir/blob_store.hpp"
#include "ir/graph.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace tenon {

// Operators come from `registry`, large constants from `blobs`. The printed types are compared with what
// inference gives. ModelError "<source>, line 3, column 14: …" with the line and a caret. Safe on any input.
Graph parse(std::string_view text, const OpRegistry& registry, const BlobStore* blobs = nullptr,
            const std::string& source = "text");

// Reads what print() writes for an operator.
Op parse_op(std::string_view text, const OpRegistry& registry, const BlobStore* blobs = nullptr,
            const std::string& source = "text");

// Reads `path`, and `path` + ".blob" where it exists. At most 256 MiB of text.
Graph read_text(const std::filesystem::path& path, const OpRegistry& registry);

}  // namespace tenon
