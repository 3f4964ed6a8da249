// The part of Graph that changes edges.
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "ir/graph.hpp"
#include "ir/infer.hpp"
#include "ir/patch.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace tenon {
namespace {

// Room between the positions of appended nodes for later insertions; a region without room is numbered anew.
constexpr std::uint64_t kPositionStep = std::uint64_t{1} << 20;

}  // namespace

std::vector<ValueId> Graph::insert_node(Op op, std::vector<ValueId> inputs, std::vector<RegionId> regions,
                                        std::vector<Inference> outputs, std::string location, RegionId region,
                                        NodeId anchor) {
  const NodeId id{static_cast<std::uint32_t>(nodes_.size())};
  for (std::uint32_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].valid()) add_use(inputs[i], Use{id, {}, i});
  }
  Node node{std::move(op), std::move(inputs), {}, std::move(regions), std::move(location), region, {}, {}, 0,
            true};
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    Value value;
    value.type = std::move(outputs[i].type);
    note_quantization(value.type);
    value.symbolic = std::move(outputs[i].value);
    value.producer = id;
    value.index = i;
    node.outputs.emplace_back(static_cast<std::uint32_t>(values_.size()));
    values_.push_back(std::move(value));
  }
  for (const RegionId nested : node.regions) {
    regions_[nested.value].owner = id;
    raise_height(region, regions_[nested.value].height + 1);
  }
  std::vector<ValueId> result = node.outputs;
  nodes_.push_back(std::move(node));
  link_before(id, region, anchor);
  ++version_;
  return result;
}

void Graph::raise_height(RegionId region, int height) {
  while (regions_[region.value].height < height) {
    regions_[region.value].height = height++;
    const NodeId owner = regions_[region.value].owner;
    if (!owner.valid()) return;
    region = nodes_[owner.value].region;
  }
}

void Graph::link_before(NodeId id, RegionId region, NodeId anchor) {
  Node& node = nodes_[id.value];
  Region& target = regions_.at(region.value);
  node.region = region;
  node.next = anchor;
  node.previous = anchor.valid() ? nodes_[anchor.value].previous : target.last;
  (node.previous.valid() ? nodes_[node.previous.value].next : target.first) = id;
  (anchor.valid() ? nodes_[anchor.value].previous : target.last) = id;

  const std::uint64_t low = node.previous.valid() ? nodes_[node.previous.value].position : 0;
  const std::uint64_t high = anchor.valid() ? nodes_[anchor.value].position : low + 2 * kPositionStep;
  node.position = low + (high - low) / 2;
  if (node.position > low) return;
  std::uint64_t position = 0;
  for (NodeId at = target.first; at.valid(); at = nodes_[at.value].next)
    nodes_[at.value].position = position += kPositionStep;
}

void Graph::unlink(NodeId id) {
  const Node& node = nodes_[id.value];
  Region& region = regions_[node.region.value];
  (node.previous.valid() ? nodes_[node.previous.value].next : region.first) = node.next;
  (node.next.valid() ? nodes_[node.next.value].previous : region.last) = node.previous;
}

void Graph::add_use(ValueId value, Use use) {
  TENON_CHECK(value.value < values_.size(), "a value that does not exist is used");
  values_[value.value].uses.push_back(use);
}

void Graph::remove_use(ValueId value, Use use) {
  auto& uses = values_[value.value].uses;
  const auto found = std::find(uses.begin(), uses.end(), use);
  TENON_CHECK(found != uses.end(), "value {} does not list one of its uses", value.value);
  *found = uses.back();
  uses.pop_back();
}

void Graph::move_use(ValueId from, ValueId to, Use use) {
  remove_use(from, use);
  add_use(to, use);
  (use.is_result() ? regions_[use.region.value].results : nodes_[use.node.value].inputs)[use.index] = to;
}

void Graph::note_quantization(const Type& type) {
  const Type* inner = &type;
  while (!inner->is_tensor()) inner = &inner->element();
  if (inner->as_tensor().quant.scheme != Quantization::Scheme::none) has_quantized_types_ = true;
}

void Graph::rename_in_types(ValueId from, ValueId to) {
  if (!has_quantized_types_) return;
  for (Value& value : values_) {
    value.type = rename_values(value.type, [&](ValueId id) { return id == from ? to : id; });
  }
}

void Graph::replace_uses(ValueId from, ValueId to) {
  TENON_CHECK(to.value < values_.size(), "value {} does not exist", to.value);
  if (from == to) return;
  std::vector<NodeId> users;
  const std::vector<Use> uses = value(from).uses;
  for (const Use& use : uses) {
    move_use(from, to, use);
    users.push_back(use.is_result() ? regions_[use.region.value].owner : use.node);
  }
  for (Tap& tap : taps_) {
    if (tap.value == from) tap.value = to;
  }
  rename_in_types(from, to);
  ++version_;
  if (value(from).type != value(to).type || value(from).symbolic != value(to).symbolic)
    propagate_types(std::move(users));
}

void Graph::set_operand(NodeId node, std::size_t index, ValueId to) {
  const Use use{node, {}, static_cast<std::uint32_t>(index)};
  ValueId& operand = nodes_.at(node.value).inputs.at(index);
  if (operand == to) return;
  if (operand.valid()) remove_use(operand, use);
  if (to.valid()) add_use(to, use);
  operand = to;
  ++version_;
  propagate_types({node});
}

void Graph::set_op(NodeId node, Op op) {
  nodes_.at(node.value).op = std::move(op);
  ++version_;
  propagate_types({node});
}

void Graph::erase(NodeId node) {
  const Node& target = this->node(node);
  TENON_CHECK(target.alive, "node {} is erased twice", node.value);
  for (const ValueId output : target.outputs) {
    TENON_CHECK(values_[output.value].uses.empty() && !is_tapped(output),
                "an output of the erased node {} is still used", node.value);
  }
  erase_unchecked(node);
  ++version_;
}

void Graph::erase_unchecked(NodeId id) {
  for (const RegionId nested : nodes_[id.value].regions) {
    for (const NodeId inner : nodes(nested)) erase_unchecked(inner);
    Region& region = regions_[nested.value];
    for (std::uint32_t i = 0; i < region.results.size(); ++i)
      remove_use(region.results[i], Use{NodeId{}, nested, i});
    region.results.clear();
  }
  Node& node = nodes_[id.value];
  for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i].valid()) remove_use(node.inputs[i], Use{id, {}, i});
  }
  unlink(id);
  node.inputs.clear();
  node.alive = false;
}

bool Graph::is_unused(NodeId id) const {
  for (const ValueId output : node(id).outputs) {
    if (!values_[output.value].uses.empty() || is_tapped(output)) return false;
  }
  if (!has_quantized_types_) return true;
  bool named = false;
  for (const Value& value : values_) {
    const bool alive = value.producer.valid() ? nodes_[value.producer.value].alive : true;
    if (!alive || value.producer == id) continue;
    rename_values(value.type, [&](ValueId used) {
      named = named || values_[used.value].producer == id;
      return used;
    });
  }
  return !named;
}

std::vector<bool> Graph::live_nodes(bool for_taps) const {
  std::vector<bool> live(nodes_.size(), false);
  std::vector<bool> seen(values_.size(), false);
  std::vector<ValueId> pending;
  const auto need = [&](ValueId id) {
    if (!id.valid() || seen[id.value]) return;
    seen[id.value] = true;
    pending.push_back(id);
  };
  for (const ValueId id : outputs()) need(id);
  if (for_taps) {
    for (const Tap& tap : taps_) need(tap.value);
  }
  for (const ValueId id : inputs()) need(id);
  while (!pending.empty()) {
    const Value& value = values_[pending.back().value];
    pending.pop_back();
    if (has_quantized_types_) {
      rename_values(value.type, [&](ValueId id) { return need(id), id; });
    }
    const NodeId producer =
        value.producer.valid() ? value.producer : regions_[value.parameter_of.value].owner;
    if (!producer.valid() || live[producer.value]) continue;
    live[producer.value] = true;
    const Node& node = nodes_[producer.value];
    for (const ValueId input : node.inputs) need(input);
    for (const RegionId nested : node.regions) {
      for (const ValueId result : regions_[nested.value].results) need(result);
      for (const ValueId parameter : regions_[nested.value].parameters) need(parameter);
    }
  }
  // A node inside a region keeps the owners around it.
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (NodeId owner = regions_[nodes_[i].region.value].owner;
         live[i] && owner.valid() && !live[owner.value];) {
      live[owner.value] = true;
      owner = regions_[nodes_[owner.value].region.value].owner;
    }
  }
  return live;
}

std::size_t Graph::remove_dead_nodes() {
  const std::vector<bool> live = live_nodes();
  std::size_t removed = 0;
  for (const NodeId id : all_nodes()) {
    // A dead owner takes its regions along.
    if (live[id.value] || !nodes_[id.value].alive) continue;
    erase_unchecked(id);
    ++removed;
  }
  if (removed > 0) ++version_;
  return removed;
}

bool Graph::infer_again(NodeId id) {
  const Node& node = nodes_[id.value];
  std::vector<Inference> inferred = in_context(
      [&] { return infer_node(node.op, *this, *this, node.inputs, node.regions, node.outputs.size()); },
      [&] {
        return "inferring the types of " +
               (node.location.empty() ? std::string(node.op.name()) : node.location);
      });
  TENON_CHECK(inferred.size() == node.outputs.size(), "{} has {} outputs, but inference gives {}",
              node.op.name(), node.outputs.size(), inferred.size());
  bool changed = false;
  for (std::size_t i = 0; i < inferred.size(); ++i) {
    Value& output = values_[node.outputs[i].value];
    if (output.type == inferred[i].type && output.symbolic == inferred[i].value) continue;
    output.type = std::move(inferred[i].type);
    note_quantization(output.type);
    output.symbolic = std::move(inferred[i].value);
    changed = true;
  }
  return changed;
}

void Graph::propagate_types(std::vector<NodeId> nodes) {
  // Types only gain detail, so this ends; the bound turns an operator whose inference flips into an error.
  std::size_t budget = 64 * (nodes_.size() + 1);
  while (!nodes.empty()) {
    const NodeId id = nodes.back();
    nodes.pop_back();
    if (!id.valid() || !nodes_[id.value].alive) continue;
    TENON_CHECK(budget-- > 0, "inference does not settle at {}", nodes_[id.value].op.name());
    if (!infer_again(id)) continue;
    for (const ValueId output : nodes_[id.value].outputs) {
      for (const Use& use : values_[output.value].uses) {
        nodes.push_back(use.is_result() ? regions_[use.region.value].owner : use.node);
      }
    }
  }
}

void Graph::reinfer_region(RegionId region) {
  for (const NodeId id : nodes(region)) {
    for (const RegionId nested : std::vector<RegionId>(nodes_[id.value].regions)) reinfer_region(nested);
    infer_again(id);
  }
}

void Graph::reinfer() {
  reinfer_region(body());
  ++version_;
}

void Graph::set_input_type(ValueId input, Type type) {
  Value& target = values_.at(input.value);
  TENON_CHECK(target.parameter_of.valid(), "value {} is not an input", input.value);
  target.type = std::move(type);
  note_quantization(target.type);
  ++version_;
}

void Graph::set_input_values(ValueId input, Dims values) {
  Value& target = values_.at(input.value);
  TENON_CHECK(target.parameter_of == body(), "value {} is not an input of the graph", input.value);
  const bool integers = target.type.is_tensor() && (target.type.as_tensor().dtype == DataType::i32 ||
                                                    target.type.as_tensor().dtype == DataType::i64);
  TENON_REQUIRE(integers && target.type.as_tensor().dims,
                "input {} is a {}: only elements of i32 and i64 tensors become dims", quote(target.name),
                target.type.to_string());
  const Dims& dims = *target.type.as_tensor().dims;
  TENON_REQUIRE(dims.size() <= 1, "input {} is a {}: only elements of scalars and vectors become dims",
                quote(target.name), target.type.to_string());
  const std::int64_t count = dims.empty() ? 1 : dims[0].is_const() ? dims[0].value() : -1;
  TENON_REQUIRE(count == static_cast<std::int64_t>(values.size()), "input {} is a {}, {} values are given",
                quote(target.name), target.type.to_string(), values.size());
  target.symbolic = std::move(values);
  ++version_;
}

void Graph::apply(Patch&& patch) {
  TENON_CHECK(&patch.graph_ == this && patch.version_ == version_,
              "a patch is applied to another state of its graph");
  const Node& root = node(patch.root_);
  const RegionId region = root.region;

  // Checked before anything changes: the new values are defined just before the root, so what uses them must
  // not be earlier.
  for (const auto& [from, to] : patch.replacements_) {
    if (to.value < values_.size()) continue;
    for (const Use& use : value(from).uses) {
      if (use.is_result()) continue;
      NodeId user = use.node;
      while (user.valid() && nodes_[user.value].region != region)
        user = regions_[nodes_[user.value].region.value].owner;
      TENON_CHECK(user.valid() && nodes_[user.value].position >= root.position,
                  "a patch at {} replaces a value that is used before it by {}", root.op.name(),
                  nodes_[use.node.value].op.name());
    }
  }

  std::vector<NodeId> users;
  std::vector<std::pair<Use, std::size_t>> moved;
  for (std::size_t i = 0; i < patch.replacements_.size(); ++i) {
    for (const Use& use : value(patch.replacements_[i].first).uses) moved.emplace_back(use, i);
  }
  for (Patch::Proposed& proposed : patch.nodes_) {
    const std::vector<ValueId> outputs =
        insert_node(std::move(proposed.op), std::move(proposed.inputs), {}, std::move(proposed.inferred),
                    std::move(proposed.location), region, patch.root_);
    TENON_CHECK(outputs == proposed.outputs, "a patch's values get other ids than it proposed");
  }
  if (patch.changed_) {
    TENON_CHECK(patch.changed_->name() == root.op.name(), "a patch makes {} of a node of {}",
                patch.changed_->name(), root.op.name());
    nodes_[patch.root_.value].op = *std::move(patch.changed_);
    nodes_[patch.root_.value].location = patch.location();
    users.push_back(patch.root_);
  }
  for (const RegionId spliced : patch.spliced_) {
    for (const NodeId inner : nodes(spliced)) {
      unlink(inner);
      link_before(inner, region, patch.root_);
    }
  }
  for (const auto& [use, i] : moved) {
    move_use(patch.replacements_[i].first, patch.replacements_[i].second, use);
    users.push_back(use.is_result() ? regions_[use.region.value].owner : use.node);
  }
  for (const auto& [from, to] : patch.replacements_) {
    if (patch.move_taps_) {
      for (Tap& tap : taps_) {
        if (tap.value == from) tap.value = to;
      }
    }
    rename_in_types(from, to);
    Value& replacement = values_[to.value];
    if (replacement.name.empty() && replacement.producer.valid() && values_[from.value].producer.valid()) {
      replacement.name = values_[from.value].name;
    }
  }
  ++version_;
  propagate_types(std::move(users));
}

}  // namespace tenon
