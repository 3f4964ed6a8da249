// Graphs to ONNX models.
#pragma once

#include "ir/graph.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace tenon {

// The opset that files are written in; where a graph needs a newer operator, the first that has it.
inline constexpr int kOnnxOpset = 23;

struct OnnxExportOptions {
  // Constants that take more than this in all go to a second file, which is the only way beyond 2 GB.
  std::uint64_t max_inline_bytes = std::uint64_t{1} << 30;
};

// The model as the bytes of a file, its constants inside. Names of inputs, outputs and symbolic dims are
// kept; names of other values as far as they are unique; locations become node names. Fused operators are
// written as what they are made of. One ModelError lists every node that has no form in ONNX, with its
// reason.
std::string to_onnx(const Graph& graph);

// Writes `path` and, for large models, `path` + ".data" with the constants.
void write_onnx(const Graph& graph, const std::filesystem::path& path, const OnnxExportOptions& options = {});

}  // namespace tenon
