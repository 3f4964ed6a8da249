// Which values of a network calibration observes, and under which names tables and caches know them.
#pragma once

#include "ir/graph.hpp"

#include <string>
#include <vector>

namespace tenon::quant {

struct ObservedValue {
  std::string name;  // the value's, made unique; "value <id>" for one without a name
  ValueId value;
  std::string location;  // of the node that computes it; empty for an input
};

// Inputs, then what the nodes of the body compute, in order: floating-point tensors that are not constants.
std::vector<ObservedValue> observed_values(const Graph& graph);

// Identifies a network in tables: 32 hexadecimal digits of its structure, weights included.
std::string network_digest(const Graph& graph);

}  // namespace tenon::quant
