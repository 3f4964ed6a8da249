// Names of calibrators as Python gives them.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/calibration_table.hpp>

#include <string>
#include <vector>

namespace tenon::python {

// ModelError that lists the names.
std::vector<CalibrationRule> to_rules(const std::vector<std::string>& names);

}  // namespace tenon::python
