// ONNX models to graphs.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace tenon {

struct OnnxOptions : ImportOptions {
  OnnxOptions() = default;
  explicit OnnxOptions(ImportOptions options) : ImportOptions(std::move(options)) {}

  bool taps = false;                    // a tap on every value that a node of the main graph defines
  bool initializers_as_inputs = false;  // inputs with a default value stay inputs (and lose it), else they
                                        // are constants
};

// Constants are views into the mapped file wherever their alignment allows; the graph keeps it mapped.
// Throws one ModelError that lists every node of the model, its subgraphs and its functions that is
// unsupported or broken, by name (or position), operator and reason; nodes that only depend on such a node
// are left out.
Graph import_onnx(const std::filesystem::path& path, const OnnxOptions& options = {});

// The same from memory, which is copied. External data is refused.
Graph import_onnx(std::span<const std::byte> bytes, const OnnxOptions& options = {});

}  // namespace tenon
