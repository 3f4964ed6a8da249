#include "importers/tensorflow/wiring.hpp"

#include "importers/tensorflow/registry.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tenon::tensorflow {
namespace {

constexpr std::size_t kMaxConditions = 64;

Flow flow_of(std::string_view op) {
  if (op.substr(0, 3) == "Ref") op.remove_prefix(3);
  if (op == "Enter") return Flow::enter;
  if (op == "Exit") return Flow::exit;
  if (op == "NextIteration") return Flow::next_iteration;
  if (op == "Switch") return Flow::switch_;
  if (op == "Merge") return Flow::merge;
  if (op == "LoopCond") return Flow::loop_cond;
  return Flow::none;
}

std::optional<std::uint32_t> to_port(std::string_view text) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  constexpr std::uint32_t kMaxPort = 1U << 20;
  if (error != std::errc{} || end != text.data() + text.size() || port > kMaxPort) return std::nullopt;
  return port;
}

// Where the named output of an operator starts among its outputs.
std::optional<std::uint32_t> output_position(const NodeDef& node, std::string_view output,
                                             const Wiring::Functions& functions) {
  if (const auto found = functions.find(node.op); found != functions.end()) {
    const auto& outputs = found->second->outputs;
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].name == output) return i;
    }
    return std::nullopt;
  }
  const Converter* converter = registry().find(node.op);
  if (converter == nullptr || converter->outputs.empty()) return 0;
  for (std::uint32_t i = 0; i < converter->outputs.size(); ++i) {
    if (converter->outputs[i] == output) return i;
  }
  return std::nullopt;
}

bool contains(const Wiring::Condition& condition, const Ref& predicate, bool* value) {
  for (const Wiring::Literal& literal : condition) {
    if (literal.predicate == predicate) {
      *value = literal.value;
      return true;
    }
  }
  return false;
}

}  // namespace

Wiring::Wiring(const GraphDef& graph, const Functions& functions) : functions_(functions) {
  for (const NodeDef& node : graph.nodes) nodes_.push_back(&node);
  connect(graph.nodes);
}

Wiring::Wiring(const FunctionDef& function, const Functions& functions)
    : functions_(functions), in_function_(true) {
  parameters_.reserve(function.inputs.size());
  for (const ArgumentDef& argument : function.inputs) {
    parameters_.push_back({argument.name, "_Arg", {}, {}});
    nodes_.push_back(&parameters_.back());
  }
  for (const NodeDef& node : function.nodes) nodes_.push_back(&node);
  connect(function.nodes);
  for (const ArgumentDef& output : function.outputs) {
    const auto found = std::find_if(function.results.begin(), function.results.end(),
                                    [&](const auto& entry) { return entry.first == output.name; });
    const auto ref = found == function.results.end() ? std::nullopt : resolve(found->second);
    if (!ref)
      throw ModelError(
          fmt::format("function '{}' does not define its result '{}'", function.name, output.name));
    results_.push_back(*ref);
    used_.insert(ref->key());
  }
}

template <class Nodes>
void Wiring::connect(const Nodes& nodes) {
  const std::size_t first = nodes_.size() - nodes.size();
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (!names_.emplace(nodes_[i]->name, i).second)
      throw ModelError(fmt::format("two nodes are called '{}'", nodes_[i]->name));
    flow_.push_back(flow_of(nodes_[i]->op));
  }
  inputs_.resize(nodes_.size());
  controls_.resize(nodes_.size());
  consumed_.resize(nodes_.size());
  controlling_.resize(nodes_.size());
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    for (std::string_view text : nodes_[i]->inputs) {
      if (!text.empty() && text.front() == '^') {
        text.remove_prefix(1);
        const auto found = find(text);
        if (!found) continue;
        controls_[i].push_back(*found);
        controlling_[*found] = true;
        continue;
      }
      const auto ref = resolve(text);
      if (!ref) {
        bad_inputs_[index].emplace_back(text);
        continue;
      }
      inputs_[i].push_back(*ref);
      used_.insert(ref->key());
      consumed_[ref->node] = true;
    }
  }
  const auto has = [&](Flow flow) { return std::find(flow_.begin(), flow_.end(), flow) != flow_.end(); };
  frame_depth_.assign(nodes_.size(), 0);
  if (has(Flow::next_iteration)) find_frames();
  if (has(Flow::enter)) find_frame_depths();
  condition_of_.assign(nodes_.size(), 0);
  if (has(Flow::switch_)) find_conditions();
}

const std::vector<std::string>& Wiring::bad_inputs(std::uint32_t index) const {
  static const std::vector<std::string> none;
  const auto found = bad_inputs_.find(index);
  return found == bad_inputs_.end() ? none : found->second;
}

std::optional<std::uint32_t> Wiring::find(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Ref> Wiring::resolve(std::string_view text) const {
  const std::size_t colon = text.find(':');
  const auto index = find(text.substr(0, colon));
  if (!index) return std::nullopt;
  if (colon == std::string_view::npos) return Ref{*index, 0};
  std::string_view rest = text.substr(colon + 1);
  std::uint32_t base = 0;
  if (const std::size_t second = rest.find(':'); second != std::string_view::npos) {
    const auto position = output_position(*nodes_[*index], rest.substr(0, second), functions_);
    if (!position) return std::nullopt;
    base = *position;
    rest.remove_prefix(second + 1);
  }
  const auto port = to_port(rest);
  if (!port) return std::nullopt;
  return Ref{*index, base + *port};
}

void Wiring::find_frames() {
  std::map<std::string_view, std::size_t> by_name;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (flow_[i] != Flow::merge || inputs_[i].size() != 2) continue;
    std::uint32_t enter = inputs_[i][0].node;
    std::uint32_t next = inputs_[i][1].node;
    if (flow_[enter] == Flow::next_iteration) std::swap(enter, next);
    if (flow_[enter] != Flow::enter || flow_[next] != Flow::next_iteration) continue;
    if (inputs_[enter].empty() || inputs_[next].empty()) continue;
    const std::string_view name = frame_name(enter);
    const auto [entry, added] = by_name.emplace(name, frames_.size());
    if (added) frames_.push_back({name, {}, {}, {}, {}, false});
    Frame& frame = frames_[entry->second];
    frame_of_merge_.emplace(i, std::pair(entry->second, frame.variables.size()));
    frame.variables.push_back({i, inputs_[enter].front(), inputs_[next].front()});
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (flow_[i] != Flow::switch_ || inputs_[i].size() != 2) continue;
    const auto found = frame_of_merge_.find(inputs_[i][0].node);
    const std::uint32_t condition = inputs_[i][1].node;
    if (found == frame_of_merge_.end() || flow_[condition] != Flow::loop_cond || inputs_[condition].empty())
      continue;
    Frame& frame = frames_[found->second.first];
    frame.condition = inputs_[condition].front();
    frame.has_condition = true;
    frame.switches.emplace_back(i, found->second.second);
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const auto merge = flow_[i] == Flow::exit ? merge_of(i) : std::nullopt;
    const auto found = merge ? frame_of_merge_.find(*merge) : frame_of_merge_.end();
    if (found != frame_of_merge_.end())
      frames_[found->second.first].exits.emplace_back(i, found->second.second);
  }
}

void Wiring::find_frame_depths() {
  for (const std::uint32_t i : order()) {
    int depth = 0;
    const bool loop_merge = is_loop_merge(i);
    for (const Ref& ref : inputs_[i]) {
      if (!loop_merge || flow_[ref.node] != Flow::next_iteration)
        depth = std::max(depth, frame_depth_[ref.node]);
    }
    for (const std::uint32_t control : controls_[i]) depth = std::max(depth, frame_depth_[control]);
    if (flow_[i] == Flow::enter) ++depth;
    if (flow_[i] == Flow::exit) depth = std::max(depth - 1, 0);
    frame_depth_[i] = depth;
  }
}

std::string_view Wiring::frame_name(std::uint32_t enter) const {
  for (const AttributeDef& attribute : nodes_[enter]->attributes) {
    if (attribute.name != "frame_name") continue;
    for (WireReader in(attribute.message); in.next();) {
      if (in.field() == 2) return in.bytes();
    }
  }
  return {};
}

std::optional<std::uint32_t> Wiring::merge_of(std::uint32_t index) const {
  for (int i = 0; i < 3; ++i) {
    if (flow_[index] == Flow::merge) return index;
    const bool passes = flow_[index] == Flow::exit || flow_[index] == Flow::switch_;
    if (!passes || inputs_[index].empty()) return std::nullopt;
    index = inputs_[index].front().node;
  }
  return std::nullopt;
}

const Wiring::Frame* Wiring::frame(std::uint32_t index) const {
  const auto merge = merge_of(index);
  const auto found = merge ? frame_of_merge_.find(*merge) : frame_of_merge_.end();
  if (found == frame_of_merge_.end()) return nullptr;
  if (flow_[index] == Flow::switch_ && flow_[inputs_[index].back().node] != Flow::loop_cond) return nullptr;
  return &frames_[found->second.first];
}

// Every node after those it depends on, also through control edges; loops are cut at NextIteration.
std::vector<std::uint32_t> Wiring::order() const {
  std::vector<std::uint32_t> order;
  std::vector<std::uint8_t> state(nodes_.size());
  std::vector<std::pair<std::uint32_t, std::size_t>> stack;
  for (std::uint32_t root = 0; root < nodes_.size(); ++root) {
    if (state[root] == 0) stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      state[node] = 1;
      const std::size_t data = flow_[node] == Flow::next_iteration ? 0 : inputs_[node].size();
      if (next < data + controls_[node].size()) {
        const std::size_t i = next++;
        const std::uint32_t before = i < data ? inputs_[node][i].node : controls_[node][i - data];
        if (state[before] == 0) stack.emplace_back(before, 0);
        continue;
      }
      state[node] = 2;
      order.push_back(node);
      stack.pop_back();
    }
  }
  return order;
}

std::size_t Wiring::intern(Condition condition) {
  if (condition.empty()) return 0;
  if (condition.size() > kMaxConditions)
    throw ModelError(fmt::format("conditions are nested more than {} deep", kMaxConditions));
  std::sort(condition.begin(), condition.end(), [](const Literal& a, const Literal& b) {
    return std::pair(a.predicate.key(), a.value) < std::pair(b.predicate.key(), b.value);
  });
  std::vector<std::uint64_t> key;
  for (const Literal& literal : condition) {
    key.push_back(literal.predicate.key());
    key.push_back(literal.value ? 1 : 0);
  }
  const auto [entry, added] = interned_.emplace(std::move(key), conditions_.size());
  if (added) conditions_.push_back(std::move(condition));
  return entry->second;
}

std::size_t Wiring::unite(std::size_t a, std::size_t b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  Condition all = conditions_[a];
  for (const Literal& literal : conditions_[b]) {
    bool value = false;
    if (!contains(all, literal.predicate, &value)) all.push_back(literal);
  }
  return intern(std::move(all));
}

std::size_t Wiring::ref_condition(Ref ref) const {
  if (flow_[ref.node] != Flow::switch_ || switch_true_.empty()) return condition_of_[ref.node];
  return ref.port == 1 ? switch_true_[ref.node] : switch_false_[ref.node];
}

Ref Wiring::origin(Ref ref) const {
  constexpr int kMaxSteps = 100;
  for (int i = 0; i < kMaxSteps && nodes_[ref.node]->op == "Identity" && inputs_[ref.node].size() == 1; ++i)
    ref = inputs_[ref.node].front();
  return ref;
}

void Wiring::find_conditions() {
  switch_false_.assign(nodes_.size(), 0);
  switch_true_.assign(nodes_.size(), 0);
  std::vector<std::size_t> level(nodes_.size());  // Merges on the longest path to the node
  std::map<std::pair<std::uint64_t, std::size_t>, std::size_t> groups;
  for (const std::uint32_t i : order()) {
    std::size_t all = 0;
    for (const Ref& ref : inputs_[i]) {
      if (flow_[i] == Flow::next_iteration || (is_loop_merge(i) && flow_[ref.node] == Flow::next_iteration))
        continue;
      if (flow_[i] != Flow::merge || is_loop_merge(i)) all = unite(all, ref_condition(ref));
      level[i] = std::max(level[i], level[ref.node]);
    }
    for (const std::uint32_t control : controls_[i]) {
      all = unite(all, condition_of_[control]);
      level[i] = std::max(level[i], level[control]);
    }
    condition_of_[i] = all;
    if (flow_[i] == Flow::switch_ && inputs_[i].size() == 2 && frame(i) == nullptr) {
      const Ref predicate = origin(inputs_[i][1]);
      Condition when_false = conditions_[all];
      Condition when_true = conditions_[all];
      bool value = false;
      if (!contains(when_false, predicate, &value)) {
        when_false.push_back({predicate, false});
        when_true.push_back({predicate, true});
      }
      switch_false_[i] = intern(std::move(when_false));
      switch_true_[i] = intern(std::move(when_true));
    } else if (flow_[i] == Flow::switch_) {
      switch_false_[i] = switch_true_[i] = all;
    }
    if (flow_[i] != Flow::merge || is_loop_merge(i) || inputs_[i].size() != 2) continue;
    const std::array<const Condition*, 2> operands = {&conditions_[ref_condition(inputs_[i][0])],
                                                      &conditions_[ref_condition(inputs_[i][1])]};
    for (std::size_t k = 0; k < 2 && choices_.count(i) == 0; ++k) {
      for (const Literal& literal : *operands[k]) {
        bool other = !literal.value;
        const bool known = contains(*operands[1 - k], literal.predicate, &other);
        // First what both are decided by; then what only one of them depends on.
        if (other == literal.value || (!known && k == 0 && !operands[1]->empty())) continue;
        choices_.emplace(i, Choice{literal.predicate, literal.value ? k : 1 - k});
        break;
      }
    }
    const auto chosen = choices_.find(i);
    if (chosen == choices_.end()) continue;
    Condition rest;
    for (const Condition* operand : operands) {
      for (const Literal& literal : *operand) {
        bool value = false;
        if (!(literal.predicate == chosen->second.predicate) && !contains(rest, literal.predicate, &value))
          rest.push_back(literal);
      }
    }
    condition_of_[i] = unite(intern(std::move(rest)), all);
    ++level[i];
    const auto [entry, added] =
        groups.emplace(std::pair(chosen->second.predicate.key(), level[i]), groups_.size());
    if (added) groups_.emplace_back();
    groups_[entry->second].push_back(i);
    group_of_.emplace(i, entry->second);
  }
}

std::optional<Wiring::Choice> Wiring::choice(std::uint32_t merge) const {
  const auto found = choices_.find(merge);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<std::uint32_t>& Wiring::merge_group(std::uint32_t merge) const {
  return groups_[group_of_.at(merge)];
}

}  // namespace tenon::tensorflow
