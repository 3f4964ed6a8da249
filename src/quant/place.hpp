// Placement: which tensors of a network are rounded to 8 bits, given what calibration saw.
//
// Works on a network after its scales and offsets went into the weights and before anything is fused; writes
// quantize_linear and dequantize_linear marked `optional` around what shall run on integers, and constant
// weights as dequantized i8. What becomes of the pairs is up to the rules of the pass `quantize`.
#pragma once

#include "quant/demand.hpp"

#include <tenon/int8.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::quant {

// Names every observed value as calibration knows it, so that the names survive the passes before place().
void name_observed_values(Graph& graph);

// Those that the rule chose; for tensors in `rules`, those that that rule chose. ModelError when a rule chose
// for no tensor, or a tensor of `rules` is not in the table.
Ranges ranges_of(const CalibrationTable& table, const CalibrationRule& rule,
                 const std::map<std::string, CalibrationRule>& rules = {});

// Nodes of the graph's body by position, constants not counted.
using Positions = std::set<std::size_t>;

// ModelError when an override matches nothing, or a strict one cannot be kept. `slower`: nodes that stay
// float because integers do not pay.
std::vector<LayerPrecision> place(Graph& graph, const Ranges& ranges, ActivationScheme scheme,
                                  const std::vector<PrecisionOverride>& overrides = {},
                                  const Positions& slower = {});

// What place() would concern itself with, where nothing is `slower`.
struct PlacementSurvey {
  Positions concerned;  // nodes that ask for integers, take or move them, or read what is rounded
  Positions ordered;    // those of them that an override puts on integers
  std::map<ValueId, DataType> rounded;
};
PlacementSurvey survey_placement(const Graph& graph, const Ranges& ranges, ActivationScheme scheme,
                                 const std::vector<PrecisionOverride>& overrides = {});

}  // namespace tenon::quant
