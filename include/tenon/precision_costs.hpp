// What decided which layers of an INT8 build run on integers: times, in nanoseconds.
#pragma once

#include <tenon/data_type.hpp>

#include <string>
#include <vector>

namespace tenon {

// A layer: what runs as one piece, on integers or on floats.
struct LayerCost {
  std::string layer;                   // its nodes in the model
  DataType precision = DataType::f32;  // of what it reads, as it was chosen: i8, u8 or f32
  double float_ns = 0;                 // it takes on floats …
  double integer_ns = 0;               // … and on integers
  // On integers: what was added for its sake, rounding what it reads (with the first layer that reads it) and
  // making floats of its result. On floats: what would have to be added.
  double quantize_ns = 0, dequantize_ns = 0;
  bool measured = false;  // both times; else the cost model's
  bool ordered = false;   // by an override, whatever it takes

  double profit_ns() const noexcept { return float_ns - integer_ns - quantize_ns - dequantize_ns; }
};

// The network with some layers on integers.
struct PrecisionTrial {
  std::string name;        // "INT8 wherever possible", "INT8 where it pays", "FP32"
  double expected_ns = 0;  // steps and conversions, added up
  double timed_ns = 0;     // as a whole; 0: not timed
  bool chosen = false;
};

// Empty where time had no say.
struct PrecisionCosts {
  std::vector<LayerCost> layers;       // in the order of execution
  std::vector<PrecisionTrial> trials;  // the least expected time first
};

}  // namespace tenon
