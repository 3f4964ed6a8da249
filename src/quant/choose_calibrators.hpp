// Which calibrator's range each tensor takes: the one under which the layers that read it lose least.
#pragma once

#include "quant/simulate.hpp"

#include <tenon/calibration_table.hpp>

#include <map>
#include <string>
#include <vector>

namespace tenon::quant {

// losses[r][l]: what layer l loses under rules[r]. For every tensor that layers read: the rule with the least
// Σ noise / signal over these layers; of equal ones the first. Layers without signal do not count.
std::map<std::string, CalibrationRule> choose_calibrators(const std::vector<Layer>& layers,
                                                          const std::vector<CalibrationRule>& rules,
                                                          const std::vector<std::vector<LayerLoss>>& losses);

}  // namespace tenon::quant
