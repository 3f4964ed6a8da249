// The times that decided which layers run on integers, as a table and as JSON.
#pragma once

#include <tenon/precision_costs.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace tenon::tool {

// Layers whose names contain `filter`; whole networks where it is empty. "" where there is nothing to show.
std::string text_of(const PrecisionCosts& costs, const std::string& filter = "");
nlohmann::ordered_json to_json(const PrecisionCosts& costs);

}  // namespace tenon::tool
