// The converters: one function per builtin operator of TensorFlow Lite.
#pragma once

#include "importers/placed.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace tenon::tflite {

class NodeContext;

// Builds what the operator means on real numbers and returns its outputs in order. Refuses with
// NodeContext::fail().
using Convert = std::vector<Placed> (*)(NodeContext& node);

// What an operator does with quantized operands. One that computes gets them dequantized, and its results are
// quantized; one that only moves elements handles the stored ones, as long as all have the same scale.
enum class Handles : std::uint8_t { numbers, elements };

struct Converter {
  std::string_view name;
  Convert convert = nullptr;
  Handles handles = Handles::numbers;
};

class Registry {
 public:
  void add(std::int32_t code, std::string_view name, Convert convert, Handles handles = Handles::numbers);
  const Converter* find(std::int32_t code) const;  // null when the operator is unknown
  std::vector<std::string_view> names() const;

 private:
  std::map<std::int32_t, Converter> entries_;
};

// Every converter; filled on first use, thread-safe.
const Registry& registry();

}  // namespace tenon::tflite

namespace tenon {

// Generated from the entries in CMakeLists.txt.
void register_all_tflite(tflite::Registry& registry);

}  // namespace tenon
