// The shapes that a list of steps runs at, and what its symbols stand for then.
#pragma once

#include "plan/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tenon {

// What all shapes follow from: the dims of every input, and the elements of those whose values become dims
// (empty for the others).
struct InputShapes {
  std::vector<Shape> dims, values;
  bool operator==(const InputShapes&) const = default;
};

// What a list's symbols are besides those that its inputs give.
struct Surroundings {
  SymbolValues symbols;  // of the lists around it
  std::string range;     // whose ranges its symbols must keep, for messages
};

// Concrete values of all symbols, found by matching `shapes` with the inputs' dims and values. ModelError
// naming input, dim or element, value and what was expected.
SymbolValues bind_symbols(const StepList& list, const InputShapes& shapes, const Surroundings& around);

// The dims of a buffer's type; nothing where they are unknown.
std::optional<Shape> concrete_dims(const Type& type, const SymbolValues& symbols);

}  // namespace tenon
