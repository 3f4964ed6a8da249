#include "ir/graph.hpp"

#include <utility>

namespace tenon {

void Graph::compact() {
  std::vector<ValueId> value_ids(values_.size());
  std::vector<NodeId> node_ids(nodes_.size());
  std::vector<RegionId> region_ids(regions_.size());
  std::vector<std::uint32_t> kept_values;
  std::vector<std::uint32_t> kept_regions;
  const std::vector<NodeId> kept_nodes = all_nodes();

  const auto keep_value = [&](ValueId id) {
    value_ids[id.value] = ValueId{static_cast<std::uint32_t>(kept_values.size())};
    kept_values.push_back(id.value);
  };
  const auto keep_region = [&](RegionId id) {
    region_ids[id.value] = RegionId{static_cast<std::uint32_t>(kept_regions.size())};
    kept_regions.push_back(id.value);
    for (const ValueId parameter : regions_[id.value].parameters) keep_value(parameter);
  };
  keep_region(body());
  for (std::uint32_t i = 0; i < kept_nodes.size(); ++i) {
    node_ids[kept_nodes[i].value] = NodeId{i};
    for (const ValueId output : nodes_[kept_nodes[i].value].outputs) keep_value(output);
    for (const RegionId nested : nodes_[kept_nodes[i].value].regions) keep_region(nested);
  }

  const auto renumber = [](auto& id, const auto& table) {
    if (id.valid()) id = table[id.value];
  };
  const auto renumber_all = [&](auto& ids, const auto& table) {
    for (auto& id : ids) renumber(id, table);
  };
  std::vector<Value> values;
  values.reserve(kept_values.size());
  for (const std::uint32_t old : kept_values) {
    Value value = std::move(values_[old]);
    renumber(value.producer, node_ids);
    renumber(value.parameter_of, region_ids);
    if (has_quantized_types_)
      value.type = rename_values(value.type, [&](ValueId id) { return value_ids[id.value]; });
    for (Use& use : value.uses) {
      renumber(use.node, node_ids);
      renumber(use.region, region_ids);
    }
    values.push_back(std::move(value));
  }
  std::vector<Node> nodes;
  nodes.reserve(kept_nodes.size());
  for (const NodeId old : kept_nodes) {
    Node node = std::move(nodes_[old.value]);
    renumber_all(node.inputs, value_ids);
    renumber_all(node.outputs, value_ids);
    renumber_all(node.regions, region_ids);
    renumber(node.region, region_ids);
    renumber(node.previous, node_ids);
    renumber(node.next, node_ids);
    nodes.push_back(std::move(node));
  }
  std::vector<Region> regions;
  for (const std::uint32_t old : kept_regions) {
    Region region = std::move(regions_[old]);
    renumber_all(region.parameters, value_ids);
    renumber_all(region.results, value_ids);
    renumber(region.first, node_ids);
    renumber(region.last, node_ids);
    renumber(region.owner, node_ids);
    regions.push_back(std::move(region));
  }
  for (Tap& tap : taps_) renumber(tap.value, value_ids);
  values_ = std::move(values);
  nodes_ = std::move(nodes);
  regions_ = std::move(regions);
  insertion_ = body();
  ++version_;
}

}  // namespace tenon
