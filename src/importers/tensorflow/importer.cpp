#include "importers/tensorflow/importer.hpp"

#include "base/text.hpp"
#include "importers/nesting.hpp"
#include "importers/tensorflow/plugin.hpp"
#include "importers/tensorflow/registry.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tenon::tensorflow {
namespace {

// Functions that call functions, and conditions of loops that are imported twice, can grow without bounds
// from a small file.
constexpr std::size_t kMaxExtraNodes = 100'000;

}  // namespace

Importer::Importer(const ModelView& model, const ImportOptions& options)
    : model_(model), options_(options), graph_(model.name.empty() ? "main" : model.name) {
  limit_ = kMaxExtraNodes + 4 * model.graph.nodes.size();
  for (const FunctionDef& function : model.graph.functions) {
    limit_ += 4 * function.nodes.size();
    if (!functions_.emplace(function.name, &function).second)
      throw ModelError(fmt::format("function '{}' is defined twice", function.name));
  }
  main_ = std::make_unique<Wiring>(model.graph, functions_);
}

Graph Importer::run() {
  const std::vector<Output> outputs = find_outputs();
  Scope scope{*main_};
  add_inputs(scope, outputs);
  std::vector<Ref> targets;
  targets.reserve(outputs.size());
  for (const Output& output : outputs) targets.push_back(output.ref);
  import(scope, targets);
  for (const Output& output : outputs) {
    try {
      if (!main_->condition(output.ref).empty())
        throw ModelError("it is computed under a condition only, behind a Switch");
      const ValueId id = value(scope, output.ref);
      const bool tensor = graph_.type(id).is_tensor() && notes_.arrays.count(id) == 0;
      if (!tensor && output.found) continue;
      if (!tensor) throw ModelError("it is a list or a handle, and no tensor");
      graph_.add_output(output.name, id);
    } catch (const Poisoned&) {
      // What it depends on is among the problems.
    } catch (const ModelError& error) {
      problems_.push_back({fmt::format("output {}", quote(output.name)), error.message()});
    }
  }
  if (problems_.empty() && graph_.outputs().empty())
    throw ModelError("the model has no outputs; name the nodes that are");
  if (!problems_.empty()) {
    survey(targets);
    fail_with_problems();
  }
  graph_.remove_dead_nodes();
  return std::move(graph_);
}

bool Importer::is_done(const Scope& scope, std::uint32_t index) {
  for (const Scope* s = &scope; s != nullptr; s = s->outer) {
    if (s->done.count(index) != 0) return true;
  }
  return false;
}

ValueId Importer::value(const Scope& scope, Ref ref) const {
  for (const Scope* s = &scope; s != nullptr; s = s->outer) {
    if (s->done.count(ref.node) == 0) continue;
    const auto found = s->values.find(ref.key());
    if (found == s->values.end()) {
      const auto first = s->values.find(Ref{ref.node, 0}.key());
      if (first != s->values.end() && !first->second.valid()) throw Poisoned{};
      throw ModelError(fmt::format("output {} of {} is not supported", ref.port,
                                   quote(node_name(scope, scope.wiring.node(ref.node)))));
    }
    if (!found->second.valid()) throw Poisoned{};
    return found->second;
  }
  throw ModelError(fmt::format("{} is used where it is not computed",
                               quote(node_name(scope, scope.wiring.node(ref.node)))));
}

Values Importer::values(const Scope& scope, const std::vector<Ref>& refs) const {
  Values all;
  for (const Ref& ref : refs) all.push_back(value(scope, ref));
  return all;
}

Values Importer::import_values(Scope& scope, const std::vector<Ref>& refs) {
  import(scope, refs);
  return values(scope, refs);
}

// Depth first, without recursion: chains of nodes are longer than a stack is deep.
void Importer::import(Scope& scope, const std::vector<Ref>& targets) {
  struct Visit {
    std::uint32_t node;
    std::size_t next = 0;
  };
  static const std::vector<Ref> kNothing;
  std::unordered_set<std::uint32_t> open;
  std::vector<Visit> stack;
  for (const Ref& target : targets) {
    if (!is_done(scope, target.node)) stack.push_back({target.node});
    while (!stack.empty()) {
      const std::uint32_t index = stack.back().node;
      if (is_done(scope, index)) {
        open.erase(index);
        stack.pop_back();
        continue;
      }
      const std::vector<Ref>* before = &kNothing;
      if (stack.back().next == 0) open.insert(index);
      try {
        before = &dependencies(scope.wiring, index);
      } catch (const ModelError& error) {
        add_problem(scope, scope.wiring.node(index), error.message());
        poison(scope, index);
        continue;
      }
      if (stack.back().next < before->size()) {
        const std::uint32_t dependency = (*before)[stack.back().next++].node;
        if (is_done(scope, dependency)) continue;
        if (open.count(dependency) != 0) {
          add_problem(scope, scope.wiring.node(dependency), "lies on a cycle: it depends on its own result");
          poison(scope, dependency);
          continue;
        }
        stack.push_back({dependency});
        continue;
      }
      import_node(scope, index);
      open.erase(index);
      stack.pop_back();
    }
  }
}

void Importer::import_node(Scope& scope, std::uint32_t index) {
  const NodeDef& node = scope.wiring.node(index);
  try {
    count_node();
    graph_.set_location(node_name(scope, node));
    switch (scope.wiring.flow(index)) {
      case Flow::merge: return import_merge(scope, index);
      case Flow::exit: return import_loop(scope, index);
      default: break;
    }
    define(scope, index, convert(scope, index));
  } catch (const Poisoned&) {
    poison(scope, index);
  } catch (const ModelError& error) {
    add_problem(scope, node, error.message());
    poison(scope, index);
  }
}

Values Importer::convert(Scope& scope, std::uint32_t index) {
  const NodeDef& node = scope.wiring.node(index);
  if (const auto& bad = scope.wiring.bad_inputs(index); !bad.empty())
    throw ModelError(fmt::format("its input {} is the output of no node", quote(bad.front())));
  switch (scope.wiring.flow(index)) {
    case Flow::switch_: {
      const Values operands = values(scope, scope.wiring.inputs(index));
      if (operands.size() != 2) throw ModelError("expected data and a predicate");
      return {operands[0], operands[0]};
    }
    case Flow::none: break;
    default: throw ModelError("it is used outside of a loop");
  }
  if (node.op == "_Arg") throw ModelError("a parameter of the function is not given");
  if (functions_.count(node.op) != 0)
    return call(scope, node, node.op, values(scope, scope.wiring.inputs(index)));
  if (const std::string reason = why_unsupported(node); !reason.empty()) throw ModelError(reason);
  NodeContext context(*this, scope, index, values(scope, scope.wiring.inputs(index)));
  const Converter* converter = registry().find(node.op);
  Values outputs =
      converter != nullptr ? converter->convert(context) : convert_plugin(plugin_for(node.op), context);
  context.require_all_attrs_understood();
  return outputs;
}

void Importer::define(Scope& scope, std::uint32_t index, const Values& outputs) {
  const std::string name = node_name(scope, scope.wiring.node(index));
  for (std::uint32_t port = 0; port < outputs.size(); ++port) {
    if (!outputs[port].valid()) continue;
    scope.values[Ref{index, port}.key()] = outputs[port];
    if (graph_.value(outputs[port]).name.empty())
      graph_.set_value_name(outputs[port], port == 0 ? name : fmt::format("{}:{}", name, port));
  }
  scope.done.insert(index);
}

void Importer::poison(Scope& scope, std::uint32_t index) {
  // Later outputs are rare: enough of them for what can have been asked.
  constexpr std::uint32_t kPorts = 64;
  for (std::uint32_t port = 0; port < kPorts; ++port) {
    if (port == 0 || scope.wiring.is_used({index, port})) scope.values[Ref{index, port}.key()] = ValueId{};
  }
  scope.done.insert(index);
}

void Importer::count_node() {
  if (++converted_ > limit_)
    throw ModelError(
        fmt::format("functions and conditions of the model unfold to more than {} nodes", limit_));
}

const Wiring& Importer::wiring_of(const FunctionDef& function) {
  auto& wiring = wirings_[&function];
  if (wiring == nullptr) wiring = std::make_unique<Wiring>(function, functions_);
  return *wiring;
}

std::string_view Importer::function_attribute(const Scope& scope, std::string_view name) const {
  if (scope.call != nullptr) {
    for (const AttributeDef& attribute : scope.call->node.attributes) {
      if (attribute.name == name) return attribute.message;
    }
  }
  throw ModelError(
      fmt::format("it refers to attribute '{}', which the function's caller does not give", name));
}

std::string Importer::node_name(const Scope& scope, const NodeDef& node) const {
  return scope.call == nullptr ? std::string(node.name) : fmt::format("{}{}", scope.call->prefix, node.name);
}

std::string Importer::why_unsupported(const NodeDef& node) const {
  if (registry().find(node.op) != nullptr || plugin_for(node.op) != nullptr) return {};
  return "the operator is not supported";
}

void Importer::add_problem(const Scope& scope, const NodeDef& node, const std::string& reason) {
  if (!listed_.insert(&node).second) return;
  problems_.push_back({fmt::format("{} ({})", quote(node_name(scope, node)), node.op), reason});
}

// Lists the unsupported nodes of what could not be imported because of another problem.
void Importer::survey(const std::vector<Ref>& roots) {
  struct Body {
    const Wiring* wiring;
    std::vector<Ref> roots;
    const FunctionDef* function;
  };
  std::vector<Body> bodies = {{main_.get(), roots, nullptr}};
  std::set<const FunctionDef*> seen;
  for (std::size_t b = 0; b < bodies.size(); ++b) {
    const Body body = bodies[b];
    const Call call{body.function == nullptr ? FunctionDef{} : *body.function, NodeDef{}, nullptr,
                    body.function == nullptr ? std::string() : fmt::format("{}/", body.function->name)};
    const Scope scope{*body.wiring, nullptr, body.function == nullptr ? nullptr : &call};
    std::unordered_set<std::uint32_t> visited;
    std::vector<std::uint32_t> stack;
    for (const Ref& root : body.roots) stack.push_back(root.node);
    while (!stack.empty()) {
      const std::uint32_t index = stack.back();
      stack.pop_back();
      if (!visited.insert(index).second) continue;
      if (body.function == nullptr && cut_at_.count(index) != 0) continue;
      const NodeDef& node = body.wiring->node(index);
      for (const Ref& ref : body.wiring->inputs(index)) stack.push_back(ref.node);
      if (body.wiring->flow(index) != Flow::none || node.op == "_Arg") continue;
      const auto visit_function = [&](std::string_view name) {
        const auto found = functions_.find(name);
        if (found == functions_.end() || !seen.insert(found->second).second) return;
        try {
          const Wiring& wiring = wiring_of(*found->second);
          bodies.push_back({&wiring, wiring.results(), found->second});
        } catch (const ModelError&) {
          // The call of it is among the problems.
        }
      };
      visit_function(node.op);
      if (functions_.count(node.op) == 0) {
        if (const std::string reason = why_unsupported(node); !reason.empty())
          add_problem(scope, node, reason);
      }
      for (const AttributeDef& attribute : node.attributes) {
        for (const std::string_view name : function_names(attribute)) visit_function(name);
      }
    }
  }
}

void Importer::fail_with_problems() const {
  constexpr std::size_t kMaxListed = 200;
  std::string message = problems_.size() == 1
                            ? "the model cannot be imported:"
                            : fmt::format("the model cannot be imported, {} problems:", problems_.size());
  for (std::size_t i = 0; i < std::min(problems_.size(), kMaxListed); ++i)
    message += fmt::format("\n  {}: {}", problems_[i].where, problems_[i].reason);
  if (problems_.size() > kMaxListed) message += fmt::format("\n  and {} more", problems_.size() - kMaxListed);
  throw ModelError(message);
}

}  // namespace tenon::tensorflow
