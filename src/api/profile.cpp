#include "api/profile.hpp"

#include "base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace tenon {
namespace {

std::string text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

class Symbols {
 public:
  void add_input(const std::string& name, const Dims& dims, const ShapeRange& range) {
    TENON_REQUIRE(
        range.min.size() == dims.size() && range.opt.size() == dims.size() && range.max.size() == dims.size(),
        "input '{}' has {} dims, the shapes given are {}, {}, {}", name, dims.size(), text(range.min),
        text(range.opt), text(range.max));
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      const PlanSymbol symbol{"", range.min[axis], range.opt[axis], range.max[axis]};
      TENON_REQUIRE(0 <= symbol.min && symbol.min <= symbol.opt && symbol.opt <= symbol.max,
                    "input '{}', dim {}: min {}, opt {}, max {} are not in order", name, axis, symbol.min,
                    symbol.opt, symbol.max);
      if (dims[axis].is_const()) {
        TENON_REQUIRE(symbol.min == dims[axis].value() && symbol.max == dims[axis].value(),
                      "input '{}': dim {} is {} in the model, the shapes given say {} to {}", name, axis,
                      dims[axis].value(), symbol.min, symbol.max);
        continue;
      }
      const std::string* symbol_name = dims[axis].symbol_name();
      TENON_REQUIRE(symbol_name != nullptr,
                    "input '{}': dim {} is the expression {}; give a range to its symbols through "
                    "another input",
                    name, axis, dims[axis].to_string());
      bind(*symbol_name, symbol, name, axis);
    }
  }

  // Elements of an input as expressions: a number where there is one value only, else a new symbol.
  Dims add_values(const std::string& name, const ShapeRange& range) {
    TENON_REQUIRE(range.min.size() == range.opt.size() && range.max.size() == range.opt.size(),
                  "values of input '{}': {}, {}, {} are not equally many", name, text(range.min),
                  text(range.opt), text(range.max));
    Dims values;
    for (std::size_t i = 0; i < range.min.size(); ++i) {
      PlanSymbol symbol{fmt::format("{}.{}", name, i), range.min[i], range.opt[i], range.max[i]};
      TENON_REQUIRE(symbol.min <= symbol.opt && symbol.opt <= symbol.max,
                    "input '{}', value {}: min {}, opt {}, max {} are not in order", name, i, symbol.min,
                    symbol.opt, symbol.max);
      if (symbol.min == symbol.max) {
        values.emplace_back(symbol.min);
        continue;
      }
      TENON_REQUIRE(symbol.min >= 0,
                    "input '{}', value {}: a range of values that become dims cannot begin at {}", name, i,
                    symbol.min);
      // Another symbol may have that name.
      while (symbols_.contains(symbol.name)) symbol.name += '_';
      values.push_back(Dim::symbol(symbol.name));
      symbols_.emplace(symbol.name, symbol);
    }
    return values;
  }

  // Symbols without a range run at 1.
  void add_rest(const Dims& dims) {
    for (const Dim& dim : dims) {
      for (const std::string& symbol : dim.symbols())
        symbols_.try_emplace(symbol, PlanSymbol{symbol, 1, 1, 1});
    }
  }

  Dims apply(const Dims& dims) const {
    std::map<std::string, Dim, std::less<>> fixed;
    for (const auto& [name, symbol] : symbols_) {
      if (symbol.min == symbol.max) fixed.emplace(name, Dim(symbol.min));
    }
    Dims applied;
    for (const Dim& dim : dims) applied.push_back(dim.substitute(fixed));
    return applied;
  }

  std::vector<PlanSymbol> dynamic() const {
    std::vector<PlanSymbol> symbols;
    for (const auto& [name, symbol] : symbols_) {
      if (symbol.min != symbol.max) symbols.push_back(symbol);
    }
    return symbols;
  }

 private:
  void bind(const std::string& symbol_name, PlanSymbol range, const std::string& input, std::size_t axis) {
    range.name = symbol_name;
    const auto [bound, inserted] = symbols_.try_emplace(symbol_name, range);
    const PlanSymbol& other = bound->second;
    TENON_REQUIRE(inserted || (other.min == range.min && other.opt == range.opt && other.max == range.max),
                  "input '{}': dim {} ({}) has the range {}:{}:{}, elsewhere {}:{}:{}", input, axis,
                  symbol_name, range.min, range.opt, range.max, other.min, other.opt, other.max);
  }

  std::map<std::string, PlanSymbol> symbols_;
};

const Dims& input_dims(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  TENON_REQUIRE(value.type.is_tensor(), "input '{}' is a {}, which has no shape", value.name,
                value.type.to_string());
  TENON_REQUIRE(value.type.as_tensor().dims.has_value(),
                "input '{}' has no rank in the model: give its shape when importing", value.name);
  return *value.type.as_tensor().dims;
}

void check_names(const Graph& graph, const std::map<std::string, ShapeRange>& ranges, const char* what) {
  std::string names;
  for (ValueId id : graph.inputs())
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", graph.value(id).name);
  for (const auto& [name, range] : ranges) {
    const bool known =
        std::any_of(graph.inputs().begin(), graph.inputs().end(),
                    [&, &wanted = name](ValueId id) { return graph.value(id).name == wanted; });
    TENON_REQUIRE(known, "{} are given for '{}', the network's inputs are {}", what, name, names);
  }
}

}  // namespace

std::vector<OptimizationProfile> profiles_of(const BuildOptions& options) {
  if (options.profiles.empty()) return {{options.shapes, options.values}};
  TENON_REQUIRE(options.shapes.empty() && options.values.empty(),
                "shapes or values are given both in a list of profiles and beside it");
  return options.profiles;
}

std::vector<PlanSymbol> apply_profile(Graph& graph, const OptimizationProfile& profile) {
  check_names(graph, profile.shapes, "shapes");
  check_names(graph, profile.values, "values");
  Symbols symbols;
  std::vector<ValueId> inputs(graph.inputs().begin(), graph.inputs().end());
  for (ValueId id : inputs) {
    const auto range = profile.shapes.find(graph.value(id).name);
    if (range != profile.shapes.end()) symbols.add_input(range->first, input_dims(graph, id), range->second);
  }
  std::erase_if(inputs, [&](ValueId id) { return !graph.value(id).type.is_tensor(); });
  for (ValueId id : inputs) symbols.add_rest(input_dims(graph, id));
  bool changed = false;
  for (ValueId id : inputs) {
    TensorType type = graph.value(id).type.as_tensor();
    Dims applied = symbols.apply(*type.dims);
    if (applied == *type.dims) continue;
    type.dims = std::move(applied);
    graph.set_input_type(id, type);
    changed = true;
  }
  for (ValueId id : inputs) {
    const auto range = profile.values.find(graph.value(id).name);
    if (range == profile.values.end()) continue;
    graph.set_input_values(id, symbols.add_values(range->first, range->second));
    changed = true;
  }
  if (changed) graph.reinfer();
  std::vector<PlanSymbol> dynamic = symbols.dynamic();
  for (const PlanSymbol& symbol : dynamic) graph.set_symbol_range(symbol.name, {symbol.min, symbol.max});
  return dynamic;
}

}  // namespace tenon
