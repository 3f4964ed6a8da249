// Turns the shapes that a caller asked for into types of the graph's inputs and a profile of its symbols.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"

#include <tenon/builder.hpp>

#include <map>
#include <string>
#include <vector>

namespace tenon {

// Inputs' symbolic dims become numbers where they have one value only (min = max, or no range given: 1); the
// others stay and are returned with their ranges. Types are inferred anew. ModelError naming input, dim and
// what does not fit.
std::vector<PlanSymbol> apply_shapes(Graph& graph, const std::map<std::string, ShapeRange>& shapes);

}  // namespace tenon
