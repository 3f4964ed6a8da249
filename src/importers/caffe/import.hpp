// Caffe networks to graphs.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace tenon {

// The layers of the test phase that the outputs need; without a choice of outputs, every top that no layer
// uses. Blobs are f32 and give their names to the values; outputs are named by their blobs. Throws one
// ModelError that lists every layer that is unsupported or broken, by name, type and reason.
Graph import_caffe(const std::filesystem::path& prototxt, const ImportOptions& options);

inline constexpr std::int64_t kMaxDrawnWeights = std::int64_t{1} << 28;

// The same from memory; `caffemodel` is copied where the graph keeps parts of it, and null when there is
// none. Paths among the options are ignored. `drawable` bounds how many random weights there may be.
Graph import_caffe(std::string_view prototxt, const std::string_view* caffemodel,
                   const ImportOptions& options, std::int64_t drawable = kMaxDrawnWeights);

}  // namespace tenon
