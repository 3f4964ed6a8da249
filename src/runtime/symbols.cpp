#include "base/check.hpp"
#include "base/text.hpp"
#include "runtime/engine_state.hpp"

#include <fmt/format.h>

namespace tenon {
namespace {

const PlanSymbol* find_symbol(const Plan& plan, std::string_view name) {
  for (const PlanSymbol& symbol : plan.symbols) {
    if (symbol.name == name) return &symbol;
  }
  return nullptr;
}

}  // namespace

std::optional<Shape> concrete_dims(const Type& type, const SymbolValues& symbols) {
  if (!type.is_tensor() || !type.as_tensor().dims) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *type.as_tensor().dims) {
    const auto value = dim.eval(symbols);
    if (!value) return std::nullopt;
    shape.push_back(*value);
  }
  return shape;
}

SymbolValues bind_symbols(const Plan& plan, std::span<const Shape> input_shapes) {
  TENON_CHECK(input_shapes.size() == plan.inputs.size(), "one shape per input");
  SymbolValues symbols;
  // Plain symbols first: they give the values that compound dims are checked against.
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const PlanTensor& input = plan.inputs[i];
    const Type& type = plan.buffer(input.buffer).type;
    if (!type.is_tensor() || !type.as_tensor().dims) continue;
    const auto& dims = type.as_tensor().dims;
    const Shape& shape = input_shapes[i];
    TENON_REQUIRE(shape.size() == dims->size(), "input '{}': expected {} dims, found the shape [{}]",
                  input.name, dims->size(), join(shape));
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      const std::string* name = (*dims)[axis].symbol_name();
      if (name == nullptr) continue;
      if (const PlanSymbol* symbol = find_symbol(plan, *name)) {
        TENON_REQUIRE(symbol->min <= shape[axis] && shape[axis] <= symbol->max,
                      "input '{}': dim {} ({}) is {}, outside the profile's range {} to {}", input.name, axis,
                      *name, shape[axis], symbol->min, symbol->max);
      }
      const auto [bound, inserted] = symbols.emplace(*name, shape[axis]);
      TENON_REQUIRE(inserted || bound->second == shape[axis],
                    "input '{}': dim {} ({}) is {}, but {} is {} elsewhere", input.name, axis, *name,
                    shape[axis], *name, bound->second);
    }
  }
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const PlanTensor& input = plan.inputs[i];
    const Type& type = plan.buffer(input.buffer).type;
    if (!type.is_tensor() || !type.as_tensor().dims) continue;
    const auto& dims = type.as_tensor().dims;
    for (std::size_t axis = 0; axis < dims->size(); ++axis) {
      const auto expected = (*dims)[axis].eval(symbols);
      TENON_REQUIRE(!expected || *expected == input_shapes[i][axis], "input '{}': dim {} is {}, expected {}",
                    input.name, axis, input_shapes[i][axis], *expected);
    }
  }
  return symbols;
}

}  // namespace tenon
