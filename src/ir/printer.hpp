// Graphs as text (docs/text-ir.md has the grammar). ir/parser.hpp reads it back: parse(print(g)) == g.
#pragma once

#include "ir/blob_store.hpp"
#include "ir/graph.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace tenon {

// Constants of more than 16 elements are named by the hash of their bytes, which go to `blobs`; without a
// store the text shows the graph, but cannot be read back when there are such constants.
std::string print(const Graph& graph, BlobStore* blobs = nullptr);

// One operator with its fields that differ from the defaults: conv {stride=[2,2]}.
std::string print(const Op& op, BlobStore* blobs = nullptr);

// Writes the text to `path` after `header` (comment lines, or empty), and when needed the blobs to `path` +
// ".blob".
void write_text(const Graph& graph, const std::filesystem::path& path, std::string_view header = {});

std::filesystem::path blob_path(const std::filesystem::path& text_path);

}  // namespace tenon
