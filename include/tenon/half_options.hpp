// 16-bit floats: what a build needs to keep values in bf16 or f16 between layers, and what it says of it.
#pragma once

#include <tenon/calibration_table.hpp>
#include <tenon/data_type.hpp>
#include <tenon/int8.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tenon {

// Values of f32 may be stored as one of the types between the layers where that makes the network faster, and
// layers may multiply numbers of that type. Sums are kept in f32 (with Accuracy::relaxed some of 16 products
// in f16), and each result is rounded once, to nearest even. What enters and leaves the network stays f32.
struct HalfOptions {
  std::vector<DataType> types;  // bf16, f16; empty: all values stay f32
  // Those for f32 count: what these layers read and write stays f32.
  std::vector<PrecisionOverride> overrides;
  // Of the network that is built: layers around values that a type cannot hold, or not be trusted with
  // (check_ranges), do without that type.
  std::optional<CalibrationTable> table;
};

// A layer that does without a type.
struct KeptLayer {
  std::string location;  // in the model
  std::string op;
  DataType type = DataType::bf16;
  std::string reason;
};

}  // namespace tenon
