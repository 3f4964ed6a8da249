#include "ir/graph.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/constant.hpp"
#include "ir/infer.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace tenon {
namespace {

// Bounds the recursion of everything that walks regions.
constexpr int kMaxRegionHeight = 64;

}  // namespace

ValueId NodeBuilder::add_constant(Tensor tensor) { return add(op::Constant{std::move(tensor)}, {}); }

Graph::Graph(std::string name) : name_(std::move(name)), regions_(1) {}

ValueId Graph::add_input(std::string name, Type type) {
  TENON_REQUIRE(!name.empty(), "an input of the graph needs a name");
  for (const ValueId id : inputs())
    TENON_REQUIRE(value(id).name != name, "the graph has two inputs named {}", quote(name));
  return add_parameter(body(), std::move(name), std::move(type));
}

std::vector<ValueId> Graph::add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs) {
  std::vector<Inference> inferred = infer_node(op, *this, *this, inputs, {}, outputs);
  return insert_node(std::move(op), std::move(inputs), {}, std::move(inferred), location(), insertion_,
                     NodeId{});
}

std::vector<ValueId> Graph::add_region_node(Op op, std::vector<ValueId> inputs, std::vector<RegionId> regions,
                                            std::size_t outputs) {
  int height = 0;
  for (const RegionId id : regions) {
    TENON_CHECK(id != body() && !region(id).owner.valid(), "region {} has an owner already", id.value);
    height = std::max(height, region(id).height + 1);
  }
  TENON_REQUIRE(height <= kMaxRegionHeight, "more than {} levels of nested control flow", kMaxRegionHeight);
  std::vector<Inference> inferred = infer_node(op, *this, *this, inputs, regions, outputs);
  return insert_node(std::move(op), std::move(inputs), std::move(regions), std::move(inferred), location(),
                     insertion_, NodeId{});
}

RegionId Graph::add_region() {
  regions_.emplace_back();
  ++version_;
  return RegionId{static_cast<std::uint32_t>(regions_.size() - 1)};
}

ValueId Graph::add_parameter(RegionId region, std::string name, Type type) {
  const ValueId id{static_cast<std::uint32_t>(values_.size())};
  Region& owner = regions_.at(region.value);
  Value parameter;
  parameter.type = std::move(type);
  note_quantization(parameter.type);
  parameter.name = std::move(name);
  parameter.parameter_of = region;
  parameter.index = static_cast<std::uint32_t>(owner.parameters.size());
  values_.push_back(std::move(parameter));
  owner.parameters.push_back(id);
  ++version_;
  return id;
}

void Graph::add_output(std::string name, ValueId value) {
  Region& region = regions_.front();
  const auto& names = region.result_names;
  TENON_REQUIRE(std::find(names.begin(), names.end(), name) == names.end(),
                "the graph has two outputs named {}", quote(name));
  add_use(value, Use{NodeId{}, body(), static_cast<std::uint32_t>(region.results.size())});
  region.results.push_back(value);
  region.result_names.push_back(std::move(name));
  ++version_;
}

void Graph::set_results(RegionId region, std::vector<ValueId> results) {
  Region& target = regions_.at(region.value);
  for (std::uint32_t i = 0; i < target.results.size(); ++i)
    remove_use(target.results[i], Use{NodeId{}, region, i});
  for (std::uint32_t i = 0; i < results.size(); ++i) add_use(results[i], Use{NodeId{}, region, i});
  target.results = std::move(results);
  if (region == body()) target.result_names.resize(target.results.size());
  ++version_;
}

void Graph::add_tap(std::string name, ValueId value) {
  TENON_CHECK(value.value < values_.size(), "tap {} on a value that does not exist", quote(name));
  taps_.push_back({std::move(name), value});
  ++version_;
}

void Graph::clear_taps() {
  taps_.clear();
  ++version_;
}

void Graph::set_value_name(ValueId id, std::string name) {
  Value& target = values_.at(id.value);
  TENON_CHECK(target.parameter_of != body(), "the input {} keeps its name", quote(target.name));
  target.name = std::move(name);
  ++version_;
}

void Graph::set_symbol_range(std::string symbol, Interval range) {
  TENON_REQUIRE(range.min <= range.max, "the range [{}, {}] of the symbol {} is empty", range.min, range.max,
                quote(symbol));
  symbols_[std::move(symbol)] = range;
  ++version_;
}

const Region& Graph::region(RegionId id) const {
  TENON_CHECK(id.value < regions_.size(), "region {} does not exist", id.value);
  return regions_[id.value];
}

const Node& Graph::node(NodeId id) const {
  TENON_CHECK(id.value < nodes_.size(), "node {} does not exist", id.value);
  return nodes_[id.value];
}

const Value& Graph::value(ValueId id) const {
  TENON_CHECK(id.value < values_.size(), "value {} does not exist", id.value);
  return values_[id.value];
}

const Tensor* Graph::constant(ValueId id) const noexcept {
  if (id.value >= values_.size()) return nullptr;
  const NodeId producer = values_[id.value].producer;
  if (!producer.valid()) return nullptr;
  const auto* constant = nodes_[producer.value].op.as<op::Constant>();
  return constant == nullptr ? nullptr : &constant->value;
}

std::vector<NodeId> Graph::nodes(RegionId region) const {
  std::vector<NodeId> result;
  for (NodeId id = this->region(region).first; id.valid(); id = nodes_[id.value].next) result.push_back(id);
  return result;
}

std::vector<NodeId> Graph::all_nodes() const {
  std::vector<NodeId> result;
  // Regions are expanded in place, so a node's regions follow it and precede its successor.
  std::vector<NodeId> cursor{region(body()).first};
  while (!cursor.empty()) {
    const NodeId id = cursor.back();
    cursor.pop_back();
    if (!id.valid()) continue;
    result.push_back(id);
    const Node& node = nodes_[id.value];
    cursor.push_back(node.next);
    for (auto it = node.regions.rbegin(); it != node.regions.rend(); ++it)
      cursor.push_back(regions_[it->value].first);
  }
  return result;
}

std::size_t Graph::node_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.alive; }));
}

RegionId Graph::region_of(ValueId id) const {
  const Value& v = value(id);
  return v.producer.valid() ? node(v.producer).region : v.parameter_of;
}

NodeId Graph::sole_user(ValueId id) const {
  const auto& uses = value(id).uses;
  return uses.size() == 1 && !uses.front().is_result() ? uses.front().node : NodeId{};
}

bool Graph::is_output(ValueId id) const {
  const auto& uses = value(id).uses;
  return std::any_of(uses.begin(), uses.end(),
                     [this](const Use& use) { return use.is_result() && use.region == body(); });
}

bool Graph::is_tapped(ValueId id) const {
  return std::any_of(taps_.begin(), taps_.end(), [id](const Tap& tap) { return tap.value == id; });
}

std::vector<ValueId> Graph::captures(NodeId node) const {
  std::vector<ValueId> result;
  std::unordered_set<ValueId> seen;
  std::unordered_set<RegionId> inside;
  const auto consider = [&](ValueId id) {
    if (id.valid() && inside.count(region_of(id)) == 0 && seen.insert(id).second) result.push_back(id);
  };
  const auto visit = [&](const auto& self, RegionId id) -> void {
    inside.insert(id);
    for (const NodeId inner : nodes(id)) {
      for (const ValueId input : nodes_[inner.value].inputs) consider(input);
      for (const RegionId nested : nodes_[inner.value].regions) self(self, nested);
    }
    for (const ValueId id_of_result : regions_[id.value].results) consider(id_of_result);
  };
  for (const RegionId id : this->node(node).regions) visit(visit, id);
  return result;
}

bool Graph::before(NodeId a, NodeId b) const {
  TENON_CHECK(node(a).region == node(b).region, "nodes {} and {} lie in different regions", a.value, b.value);
  return node(a).position < node(b).position;
}

}  // namespace tenon
