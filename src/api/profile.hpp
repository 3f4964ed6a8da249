// Turns a profile that a caller asked for into types of the graph's inputs and ranges of its symbols.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"

#include <tenon/builder.hpp>

#include <vector>

namespace tenon {

// The profiles that the options ask for: at least one. ModelError where they ask in two ways.
std::vector<OptimizationProfile> profiles_of(const BuildOptions& options);

// Inputs' symbolic dims become numbers where they have one value only (min = max, or no range given: 1), and
// elements of inputs become expressions where the profile names their values; the symbols that stay are
// returned with their ranges. Types are inferred anew. ModelError naming input, dim and what does not fit.
std::vector<PlanSymbol> apply_profile(Graph& graph, const OptimizationProfile& profile);

}  // namespace tenon
