// TensorFlow models to graphs: frozen GraphDef files, and SavedModels without variables.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace tenon {

// Reads a .pb file, or the folder or saved_model.pb of a SavedModel. Constants are views into the mapped file
// wherever their alignment allows; the graph keeps it mapped. Inputs and outputs are those of the options,
// else those of the signature (serving_default), else the placeholders and the results that no node takes.
// Throws one ModelError that lists every node that the outputs need and that is unsupported or broken, by
// name, operator and reason.
Graph import_tensorflow(const std::filesystem::path& path, const ImportOptions& options = {});

// The same from memory, which is copied.
Graph import_tensorflow(std::span<const std::byte> bytes, const ImportOptions& options = {});

// Whether a file that begins like this, or a folder, is a TensorFlow model.
bool is_tensorflow_model(const std::filesystem::path& path, std::string_view head) noexcept;

}  // namespace tenon
