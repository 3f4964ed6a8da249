// Imports arbitrary bytes as a TensorFlow model, GraphDef or SavedModel. Only ModelError may come out, and
// what is imported must be a valid graph.
#include "importers/tensorflow/import.hpp"

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const tenon::Graph graph = tenon::import_tensorflow(std::as_bytes(std::span(data, size)));
    graph.verify();
  } catch (const tenon::ModelError&) {
  }
  return 0;
}
