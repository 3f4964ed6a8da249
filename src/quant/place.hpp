// Placement: which tensors of a network are rounded to 8 bits, given what calibration saw.
//
// Works on a network after its scales and offsets went into the weights and before anything is fused; writes
// quantize_linear and dequantize_linear marked `optional` around what shall run on integers, and constant
// weights as dequantized i8. What becomes of the pairs is up to the rules of the pass `quantize`.
#pragma once

#include "quant/demand.hpp"

#include <tenon/int8.hpp>

#include <map>
#include <string>
#include <vector>

namespace tenon::quant {

// Names every observed value as calibration knows it, so that the names survive the passes before place().
void name_observed_values(Graph& graph);

// Those that the rule chose; for tensors in `rules`, those that that rule chose. ModelError when a rule chose
// for no tensor, or a tensor of `rules` is not in the table.
Ranges ranges_of(const CalibrationTable& table, const CalibrationRule& rule,
                 const std::map<std::string, CalibrationRule>& rules = {});

// ModelError when an override matches nothing, or a strict one cannot be kept.
std::vector<LayerPrecision> place(Graph& graph, const Ranges& ranges, ActivationScheme scheme,
                                  const std::vector<PrecisionOverride>& overrides = {});

}  // namespace tenon::quant
