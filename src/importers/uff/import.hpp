// UFF files (NVIDIA's Universal Framework Format, what its TensorFlow converter writes) to graphs.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstddef>
#include <filesystem>
#include <span>

namespace tenon {

// Of the options, `outputs`, `input_shapes` and `input_orders` count. A shape may leave out the batch, as in
// TensorRT: then the batch stays open. With an input in order nchw, images leave the network as it computes
// them, channels first; else in the file's order.
//
// Constants are views into the mapped file wherever their alignment allows. Only what the outputs need is
// imported. Throws one ModelError that lists every such node that is unsupported or broken, by name,
// operation and reason; nodes that only depend on such a node are left out.
Graph import_uff(const std::filesystem::path& path, const ImportOptions& options = {});

// The same from memory, which is copied.
Graph import_uff(std::span<const std::byte> bytes, const ImportOptions& options = {});

}  // namespace tenon
