// Precision: which layers of a network run on integers and which on floats, so that all together takes least:
// what the layers cost in either form, and what it costs to round a value or to read it as floats again.
//
// A value that several layers read as integers is rounded once. Solved as an assignment problem (pbqp.hpp):
// layers are nodes with two labels, values are nodes that say which forms of them exist; then improved
// under the exact cost, by turning over single layers and those around a value. Exact wherever the assignment
// problem is.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace tenon {

struct PrecisionProblem {
  struct Layer {
    double float_ns = 0, integer_ns = 0;
    // What it reads and gives when it runs on integers; floats where not.
    bool takes_integers = true, gives_integers = true;
    std::optional<bool> on_integers;  // it has no choice
  };
  struct Value {
    std::optional<std::size_t> producer;  // a layer; nothing: an input of the network, which is float
    std::vector<std::size_t> consumers;   // layers, each once
    bool leaves = false;                  // somebody outside of the layers reads floats
    double quantize_ns = 0, dequantize_ns = 0;
  };
  std::vector<Layer> layers;
  std::vector<Value> values;
};

struct PrecisionSolution {
  std::vector<bool> on_integers;  // by layer
  double ns = 0;
};

// Layers and conversions together.
double precision_cost(const PrecisionProblem& problem, const std::vector<bool>& on_integers);

// Times closer than 3 % are equal: such a layer runs on integers unless its neighbours say otherwise.
PrecisionSolution choose_precision(const PrecisionProblem& problem);

}  // namespace tenon
