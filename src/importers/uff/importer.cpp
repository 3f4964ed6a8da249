#include "importers/uff/importer.hpp"

#include "base/text.hpp"
#include "importers/uff/input.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace tenon::uff {
namespace {

constexpr std::string_view kInput = "Input";
constexpr std::string_view kOutput = "MarkOutput";

// A name that a plugin would have: operations of the file's own begin with an underscore.
std::string why_unsupported_operation(std::string_view operation) {
  if (operation.starts_with('_')) {
    return fmt::format("needs a plugin {}, and there is none of that name", quote(operation.substr(1)));
  }
  return "the operation is not supported";
}

}  // namespace

Importer::Importer(const MetaGraphDef& def, std::shared_ptr<const void> memory, const ImportOptions& options)
    : def_(def),
      options_(options),
      blobs_(std::move(memory)),
      file_{def, &blobs_, declared_batch(def)},
      graph_(def.name.empty() ? "main" : std::string(def.name)) {
  for (NodeIndex i = 0; i < def.nodes.size(); ++i) {
    if (!nodes_.emplace(def.nodes[i].id, i).second) {
      throw ModelError(fmt::format("two nodes have the name {}", quote(def.nodes[i].id)));
    }
  }
}

Graph Importer::run() {
  check_names();
  const auto outputs = output_names();
  if (outputs.empty()) throw ModelError("the file marks no outputs: some must be named");
  for (const NodeIndex i : execution_order(outputs)) import_node(def_.nodes[i]);
  for (const std::string_view name : outputs) add_output(name);
  if (!problems_.empty()) fail_with_problems();
  return std::move(graph_);
}

void Importer::check_names() const {
  const auto check = [&](const std::string& name, std::string_view what) {
    const auto found = nodes_.find(name);
    if (found == nodes_.end() || def_.nodes[found->second].operation != kInput)
      throw ModelError(fmt::format("{} is given for {}, which is no input of the model", what, quote(name)));
  };
  for (const auto& entry : options_.input_shapes) check(entry.first, "a shape");
  for (const auto& entry : options_.input_orders) check(entry.first, "an order");
}

std::vector<std::string_view> Importer::output_names() const {
  std::vector<std::string_view> names;
  std::set<std::string_view> seen;
  for (const std::string& name : options_.outputs) {
    if (nodes_.count(name) == 0)
      throw ModelError(fmt::format("there is no node {} to give out", quote(name)));
    if (seen.insert(name).second) names.push_back(name);
  }
  if (!names.empty()) return names;
  for (const NodeDef& node : def_.nodes) {
    if (node.operation != kOutput) continue;
    for (const std::string_view name : node.inputs) {
      if (seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

std::vector<Importer::NodeIndex> Importer::execution_order(
    const std::vector<std::string_view>& outputs) const {
  enum class State : std::uint8_t { untouched, open, done };
  struct Visit {
    NodeIndex node;
    std::size_t next_input;
  };
  std::vector<State> states(def_.nodes.size(), State::untouched);
  std::vector<NodeIndex> order;
  std::vector<Visit> stack;
  const auto enter = [&](std::string_view name) {
    const auto found = nodes_.find(name);
    if (found == nodes_.end()) return;  // reported where it is used
    State& state = states[found->second];
    if (state == State::open) throw ModelError(fmt::format("node {} depends on its own result", quote(name)));
    if (state == State::done) return;
    state = State::open;
    stack.push_back({found->second, 0});
  };
  for (const std::string_view output : outputs) {
    enter(output);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto& inputs = def_.nodes[visit.node].inputs;
      if (visit.next_input < inputs.size()) {
        enter(inputs[visit.next_input++]);
        continue;
      }
      states[visit.node] = State::done;
      order.push_back(visit.node);
      stack.pop_back();
    }
  }
  return order;
}

void Importer::import_node(const NodeDef& node) {
  auto& result = values_[node.id];
  const Convert convert = registry().find(node.operation);
  if (convert == nullptr && node.operation != kInput) {
    add_problem(node, why_unsupported_operation(node.operation));
    return;
  }
  try {
    std::vector<Placed> operands;
    for (const std::string_view name : node.inputs) {
      const auto found = values_.find(name);
      if (found == values_.end()) throw ModelError(fmt::format("there is no node {}", quote(name)));
      if (!found->second) return;  // what it depends on is among the problems
      operands.push_back(*found->second);
    }
    graph_.set_location(std::string(node.id));
    NodeContext context(graph_, file_, node, std::move(operands));
    const Placed placed = convert == nullptr ? import_input(context, options_) : convert(context);
    context.require_all_fields_understood();
    if (graph_.value(placed.id).name.empty()) graph_.set_value_name(placed.id, std::string(node.id));
    result = placed;
  } catch (const ModelError& error) {
    add_problem(node, error.message());
  }
}

void Importer::add_output(std::string_view name) {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    problems_.push_back(fmt::format("output {}: there is no node of that name", quote(name)));
    return;
  }
  if (!found->second) return;
  Placed placed = *found->second;
  const bool channels_first = std::any_of(options_.input_orders.begin(), options_.input_orders.end(),
                                          [](const auto& entry) { return entry.second == ImageOrder::nchw; });
  if (placed.moved && !channels_first) {
    graph_.set_location(std::string(name));
    NodeContext context(graph_, file_, def_.nodes[nodes_.at(name)], {placed});
    placed.id = context.in_file_order(0);
  }
  graph_.add_output(std::string(name), placed.id);
}

void Importer::add_problem(const NodeDef& node, const std::string& reason) {
  problems_.push_back(fmt::format("{} ({}): {}", quote(node.id), node.operation, reason));
}

void Importer::fail_with_problems() const {
  std::string message = problems_.size() == 1
                            ? "the model cannot be imported:"
                            : fmt::format("the model cannot be imported, {} problems:", problems_.size());
  for (const std::string& problem : problems_) message += "\n  " + problem;
  throw ModelError(message);
}

}  // namespace tenon::uff
