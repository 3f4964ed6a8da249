// Imports arbitrary text as a Caffe network with random weights. Only ModelError may come out, and what is
// imported must be a valid graph.
#include "importers/caffe/import.hpp"

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tenon::ImportOptions options;
  options.random_weights = 1;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    tenon::import_caffe(text, nullptr, options, 1 << 16).verify();
  } catch (const tenon::ModelError&) {
  }
  return 0;
}
