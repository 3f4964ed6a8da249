// TensorFlow Lite files to graphs.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstddef>
#include <filesystem>
#include <span>

namespace tenon {

// Of the options, `outputs` and `input_shapes` count. Quantized tensors stay quantized: operators that
// compute stand between dequantize_linear and quantize_linear nodes. Constants are views into the mapped
// file. Only what the outputs need is imported. Throws one ModelError that lists every operator that is
// unsupported or broken.
Graph import_tflite(const std::filesystem::path& path, const ImportOptions& options = {});

// The same from memory, which is copied.
Graph import_tflite(std::span<const std::byte> bytes, const ImportOptions& options = {});

}  // namespace tenon
