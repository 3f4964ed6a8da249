#include "tactics/extract.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

class Extraction {
 public:
  explicit Extraction(const Graph& from) : from_(from), to_(from.name()) {
    for (const auto& [symbol, range] : from_.symbol_ranges()) to_.set_symbol_range(symbol, range);
  }

  Graph node(NodeId id) {
    // An operand that occurs twice is two inputs, so that positions stay those of the operands.
    for (ValueId operand : from_.node(id).inputs) {
      if (operand.valid()) add_input(operand, from_.value(operand).type);
    }
    for (ValueId captured : from_.captures(id)) add_input(captured, from_.value(captured).type);
    copy_node(id);
    const std::vector<ValueId>& outputs = from_.node(id).outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      to_.add_output(fmt::format("out{}", i), mapped(outputs[i]));
    return std::move(to_);
  }

  // `open`: dims that nobody knows become symbols.
  RegionGraph region(RegionId id, bool open) {
    std::vector<ValueId> captures;
    std::vector<ValueId> constants;
    for (ValueId captured : captured_by(id))
      (from_.constant(captured) != nullptr ? constants : captures).push_back(captured);
    std::vector<ValueId> inputs = from_.region(id).parameters;
    inputs.insert(inputs.end(), captures.begin(), captures.end());
    for (ValueId input : inputs) {
      const Value& value = from_.value(input);
      const ValueId added = add_input(input, open ? with_symbols(value.type) : value.type);
      if (value.symbolic && std::none_of(value.symbolic->begin(), value.symbolic->end(),
                                         [](const Dim& dim) { return dim.is_unknown(); })) {
        to_.set_input_values(added, *value.symbolic);
      }
    }
    for (ValueId constant : constants) copy_node(from_.value(constant).producer);
    for (NodeId node : from_.nodes(id)) copy_node(node);
    for (std::size_t i = 0; i < from_.region(id).results.size(); ++i)
      to_.add_output(fmt::format("result{}", i), mapped(from_.region(id).results[i]));
    return {std::move(to_), std::move(captures), std::move(symbols_)};
  }

 private:
  ValueId add_input(ValueId id, Type type) {
    std::string name = from_.value(id).name;
    if (name.empty() || !names_.insert(name).second) name = fmt::format("in{}", to_.inputs().size());
    names_.insert(name);
    const ValueId input = to_.add_input(std::move(name), std::move(type));
    values_.try_emplace(id, input);
    return input;
  }

  Type with_symbols(Type type) {
    if (!type.is_tensor() || type.as_tensor().dtype == DataType::string || !type.as_tensor().dims)
      return type;
    for (Dim& dim : *type.as_tensor().dims) {
      if (!dim.is_unknown()) continue;
      std::string name;
      for (std::size_t i = symbols_.size(); name.empty() || to_.symbol_ranges().contains(name); ++i)
        name = fmt::format("inner{}", i);
      to_.set_symbol_range(name, {0, kOpenDim});
      symbols_.push_back({name, 0, kOpenDimGuess, kOpenDim});
      dim = Dim::symbol(name);
    }
    return type;
  }

  // Values that are defined outside of the region, in the order of their first use.
  std::vector<ValueId> captured_by(RegionId id) const {
    std::unordered_set<ValueId> known;
    std::vector<ValueId> captured;
    collect(id, known, captured);
    return captured;
  }

  void collect(RegionId id, std::unordered_set<ValueId>& known, std::vector<ValueId>& captured) const {
    const auto use = [&](ValueId value) {
      if (value.valid() && known.insert(value).second) captured.push_back(value);
    };
    for (ValueId parameter : from_.region(id).parameters) known.insert(parameter);
    for (NodeId node : from_.nodes(id)) {
      for (ValueId input : from_.node(node).inputs) use(input);
      for (RegionId nested : from_.node(node).regions) collect(nested, known, captured);
      for (ValueId output : from_.node(node).outputs) known.insert(output);
    }
    for (ValueId result : from_.region(id).results) use(result);
  }

  ValueId mapped(ValueId id) const { return id.valid() ? values_.at(id) : ValueId(); }

  std::vector<ValueId> mapped(const std::vector<ValueId>& ids) const {
    std::vector<ValueId> out;
    out.reserve(ids.size());
    for (ValueId id : ids) out.push_back(mapped(id));
    return out;
  }

  void copy_node(NodeId id) {
    const Node& node = from_.node(id);
    std::vector<RegionId> regions;
    for (RegionId region : node.regions) regions.push_back(copy_region(region));
    to_.set_location(node.location);
    const std::vector<ValueId> outputs =
        regions.empty() ? to_.add_node(node.op, mapped(node.inputs), node.outputs.size())
                        : to_.add_region_node(node.op, mapped(node.inputs), regions, node.outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      values_[node.outputs[i]] = outputs[i];
      to_.set_value_name(outputs[i], from_.value(node.outputs[i]).name);
    }
  }

  RegionId copy_region(RegionId id) {
    const RegionId outer = to_.insertion_region();
    const RegionId region = to_.add_region();
    for (ValueId parameter : from_.region(id).parameters) {
      const Value& value = from_.value(parameter);
      values_[parameter] = to_.add_parameter(region, value.name, value.type);
    }
    to_.set_insertion_region(region);
    for (NodeId node : from_.nodes(id)) copy_node(node);
    to_.set_results(region, mapped(from_.region(id).results));
    to_.set_insertion_region(outer);
    return region;
  }

  const Graph& from_;
  Graph to_;
  std::unordered_map<ValueId, ValueId> values_;
  std::set<std::string> names_;  // of inputs
  std::vector<PlanSymbol> symbols_;
};

}  // namespace

Graph extract_node(const Graph& graph, NodeId node) { return Extraction(graph).node(node); }

RegionGraph extract_region(const Graph& graph, RegionId region) {
  try {
    return Extraction(graph).region(region, true);
  } catch (const ModelError&) {
    // Dims that must be equal have become symbols that are not.
    return Extraction(graph).region(region, false);
  }
}

}  // namespace tenon
