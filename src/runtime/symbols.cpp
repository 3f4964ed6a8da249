#include "runtime/symbols.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon {
namespace {

// One number that the caller gives: a dim of an input, or one of its elements.
struct Place {
  const std::string& input;
  enum class Kind { dim, value } kind;
  std::size_t index;
  const Dim& name;  // as the model calls it; a number where it has no name

  std::string text() const {
    std::string text = fmt::format("input '{}': {} {}", input, kind == Kind::dim ? "dim" : "value", index);
    if (!name.is_const()) text += fmt::format(" ({})", name.to_string());
    return text;
  }
};

class Binding {
 public:
  Binding(const StepList& list, const Surroundings& around)
      : list_(list), range_(around.range), symbols_(around.symbols) {}

  SymbolValues run(const InputShapes& shapes) {
    for (std::size_t i = 0; i < list_.inputs.size(); ++i) check_counts(i, shapes);
    // Plain symbols first: they give the values that compound dims are checked against.
    for_each_number(shapes, [&](const Dim& dim, std::int64_t value, const Place& place) {
      if (dim.symbol_name() != nullptr) bind(*dim.symbol_name(), value, place);
    });
    for_each_number(shapes, [&](const Dim& dim, std::int64_t value, const Place& place) {
      if (dim.symbol_name() == nullptr) compare(dim, value, place);
    });
    return std::move(symbols_);
  }

 private:
  const std::optional<Dims>& dims_of(const PlanTensor& input) const {
    static const std::optional<Dims> none;
    const Type& type = list_.buffer(input.buffer).type;
    return type.is_tensor() ? type.as_tensor().dims : none;
  }

  void check_counts(std::size_t i, const InputShapes& shapes) const {
    const PlanTensor& input = list_.inputs[i];
    const auto& dims = dims_of(input);
    TENON_REQUIRE(!dims || shapes.dims[i].size() == dims->size(),
                  "input '{}': expected {} dims, found the shape [{}]", input.name, dims->size(),
                  join(shapes.dims[i]));
    TENON_REQUIRE(!input.values || shapes.values[i].size() == input.values->size(),
                  "input '{}': expected {} values, found {}", input.name, input.values->size(),
                  shapes.values[i].size());
  }

  template <class Visit>
  void for_each_number(const InputShapes& shapes, const Visit& visit) const {
    for (std::size_t i = 0; i < list_.inputs.size(); ++i) {
      const PlanTensor& input = list_.inputs[i];
      const auto& dims = dims_of(input);
      for (std::size_t axis = 0; dims && axis < dims->size(); ++axis) {
        const Dim& name = axis < input.dim_names.size() ? input.dim_names[axis] : (*dims)[axis];
        visit((*dims)[axis], shapes.dims[i][axis], Place{input.name, Place::Kind::dim, axis, name});
      }
      for (std::size_t k = 0; input.values && k < input.values->size(); ++k) {
        const Dim& element = (*input.values)[k];
        visit(element, shapes.values[i][k], Place{input.name, Place::Kind::value, k, element});
      }
    }
  }

  void bind(const std::string& name, std::int64_t value, const Place& place) {
    for (const PlanSymbol& symbol : list_.symbols) {
      if (symbol.name != name) continue;
      TENON_REQUIRE(symbol.min <= value && value <= symbol.max, "{} is {}, outside the {} {} to {}",
                    place.text(), value, range_, symbol.min, symbol.max);
    }
    const auto [bound, inserted] = symbols_.emplace(name, value);
    TENON_REQUIRE(inserted || bound->second == value, "{} is {}, but {} is {} elsewhere", place.text(), value,
                  name, bound->second);
  }

  void compare(const Dim& dim, std::int64_t value, const Place& place) const {
    const auto expected = dim.eval(symbols_);
    if (!expected || *expected == value) return;
    // A dim that the profile has made a number, though the model leaves it open.
    const bool fixed = dim.is_const() && (!place.name.is_const() || place.kind == Place::Kind::value);
    TENON_REQUIRE(!fixed, "{} is {}, outside the {} {} to {}", place.text(), value, range_, *expected,
                  *expected);
    throw ModelError(fmt::format("{} is {}, expected {}", place.text(), value, *expected));
  }

  const StepList& list_;
  const std::string& range_;
  SymbolValues symbols_;
};

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

SymbolValues bind_symbols(const StepList& list, const InputShapes& shapes, const Surroundings& around) {
  TENON_CHECK(shapes.dims.size() == list.inputs.size() && shapes.values.size() == list.inputs.size(),
              "one shape per input");
  return Binding(list, around).run(shapes);
}

}  // namespace tenon
