#include "backends/ref/tactics/extract.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace tenon {
namespace {

class Extraction {
 public:
  explicit Extraction(const Graph& from) : from_(from), to_(from.name()) {}

  Graph run(NodeId id) {
    for (const auto& [symbol, range] : from_.symbol_ranges()) to_.set_symbol_range(symbol, range);
    for (ValueId operand : from_.node(id).inputs) add_input(operand);
    for (ValueId captured : from_.captures(id)) add_input(captured);
    copy_node(id);
    const std::vector<ValueId>& outputs = from_.node(id).outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      to_.add_output(fmt::format("out{}", i), mapped(outputs[i]));
    return std::move(to_);
  }

 private:
  // An operand that occurs twice is two inputs, so that positions stay those of the operands.
  void add_input(ValueId id) {
    if (!id.valid()) return;
    const ValueId input = to_.add_input(fmt::format("in{}", to_.inputs().size()), from_.value(id).type);
    values_.try_emplace(id, input);
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
    for (std::size_t i = 0; i < outputs.size(); ++i) values_[node.outputs[i]] = outputs[i];
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
};

}  // namespace

Graph extract_node(const Graph& graph, NodeId node) { return Extraction(graph).run(node); }

}  // namespace tenon
