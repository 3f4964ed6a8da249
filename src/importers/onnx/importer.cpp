#include "importers/onnx/importer.hpp"

#include "base/text.hpp"
#include "importers/nesting.hpp"
#include "importers/onnx/order.hpp"
#include "importers/onnx/plugin.hpp"
#include "importers/onnx/reader.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tenon::onnx {
namespace {

// Functions that call functions can grow without bounds from a small file.
constexpr std::size_t kMaxInlinedNodes = 250'000;
constexpr int kMaxAttempts = 100;

std::string function_key(std::string_view domain, std::string_view name, std::string_view overload) {
  return fmt::format("{}:{}:{}", domain, name, overload);
}

std::string node_name(const NodeDef& node, std::size_t index, const FunctionCall* call) {
  const std::string_view prefix = call == nullptr ? std::string_view() : call->prefix;
  if (!node.name.empty()) return fmt::format("{}{}", prefix, node.name);
  return fmt::format("{}{}_{}", prefix, node.op_type, index);
}

Opsets to_opsets(const std::vector<OpsetImport>& imports) {
  Opsets opsets;
  for (const OpsetImport& import : imports) {
    if (import.domain.empty() && import.version > kNewestOpset) {
      throw ModelError(
          fmt::format("opset {} is newer than {}, the newest that is known", import.version, kNewestOpset));
    }
    // Some exporters write the same line twice.
    const auto [known, inserted] = opsets.emplace(import.domain, import.version);
    if (!inserted && known->second != import.version) {
      throw ModelError(fmt::format("domain '{}' is imported at opset {} and at opset {}", import.domain,
                                   known->second, import.version));
    }
  }
  return opsets;
}

}  // namespace

Importer::Importer(const ModelDef& model, TensorLoader& tensors, const OnnxOptions& options)
    : model_(model),
      tensors_(tensors),
      options_(options),
      graph_(model.graph.name.empty() ? "main" : std::string(model.graph.name)),
      symbols_(model.graph),
      opsets_(to_opsets(model.opset_imports)) {
  for (const FunctionDef& function : model.functions) {
    if (!functions_.emplace(function_key(function.domain, function.name, function.overload), &function)
             .second) {
      throw ModelError(
          fmt::format("function '{}' is defined twice", qualified_name(function.domain, function.name)));
    }
    to_opsets(function.opset_imports);  // refuses here what is wrong with them
  }
}

Graph Importer::run() {
  Scope scope;
  add_inputs(scope);
  import_constants(model_.graph, scope);
  import_nodes(model_.graph.nodes, scope);
  add_outputs(scope);
  if (!problems_.empty()) fail_with_problems();
  return std::move(graph_);
}

void Importer::add_inputs(Scope& scope) {
  std::set<std::string_view> initialized;
  if (!options_.initializers_as_inputs) {
    for (const TensorDef& tensor : model_.graph.initializers) initialized.insert(tensor.name);
    for (const SparseTensorDef& tensor : model_.graph.sparse_initializers)
      initialized.insert(tensor.values.name);
  }
  std::set<std::string> unused;
  for (const auto& entry : options_.input_shapes) unused.insert(entry.first);
  for (const ValueDef& input : model_.graph.inputs) {
    if (initialized.count(input.name) != 0) continue;
    std::string name(input.name);
    try {
      if (name.empty()) throw ModelError("an input of the graph has no name");
      if (scope.values.count(input.name) != 0) throw ModelError("the name is used twice");
      Type type = to_type(input.type, name, &symbols_);
      if (const auto shape = options_.input_shapes.find(name); shape != options_.input_shapes.end()) {
        unused.erase(name);
        auto& dims = type.as_tensor().dims;
        if (dims && dims->size() != shape->second.size()) {
          throw ModelError(
              fmt::format("the given shape has rank {}, the model's {}", shape->second.size(), dims->size()));
        }
        dims = given_dims(name, shape->second, dims);
      }
      scope.values.emplace(input.name, graph_.add_input(std::move(name), std::move(type)));
    } catch (const ModelError& error) {
      problems_.push_back({fmt::format("input {}", quote(input.name)), error.message()});
      scope.values.emplace(input.name, ValueId{});
    }
  }
  for (const std::string& name : unused) {
    throw ModelError(fmt::format("a shape is given for {}, which is no input of the model", quote(name)));
  }
}

Dims Importer::given_dims(const std::string& input, const Shape& shape, const std::optional<Dims>& declared) {
  Dims dims;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] >= 0) {
      dims.emplace_back(shape[axis]);
    } else if (declared && !(*declared)[axis].is_const()) {
      dims.push_back((*declared)[axis]);
    } else {
      dims.push_back(symbols_.fresh(fmt::format("{}_{}", input, axis)));
    }
  }
  return dims;
}

void Importer::import_constants(const GraphDef& def, Scope& scope) {
  if (def.initializers.empty() && def.sparse_initializers.empty()) return;
  std::set<std::string_view> used;
  for (const NodeDef& node : def.nodes) {
    for (const std::string_view name : used_names(node)) used.insert(name);
  }
  for (const ValueDef& output : def.outputs) used.insert(output.name);
  for (const std::string& name : options_.outputs) used.insert(name);

  const InsertionGuard guard(graph_);
  const auto add = [&](std::string_view name, const auto& tensor) {
    if (used.count(name) == 0) return;
    if (const auto found = scope.values.find(name); found != scope.values.end()) {
      const bool is_parameter = found->second.valid() && !graph_.value(found->second).producer.valid();
      if (!is_parameter)
        problems_.push_back({fmt::format("initializer {}", quote(name)), "the name is used twice"});
      return;
    }
    ValueId id;
    try {
      graph_.set_location(std::string(name));
      id = graph_.add_constant(tensors_.load(tensor));
      graph_.set_value_name(id, std::string(name));
    } catch (const ModelError& error) {
      problems_.push_back({fmt::format("initializer {}", quote(name)), error.message()});
    }
    scope.values.emplace(name, id);
  };
  for (const TensorDef& tensor : def.initializers) add(tensor.name, tensor);
  for (const SparseTensorDef& tensor : def.sparse_initializers) add(tensor.values.name, tensor);
}

void Importer::import_nodes(const std::vector<NodeDef>& nodes, Scope& scope) {
  const Order order = execution_order(nodes);
  for (const std::size_t i : order.cyclic) {
    add_problem(nodes[i], i, scope.call, "lies on a cycle: it depends on its own result");
    poison(nodes[i], scope);
  }
  for (const std::size_t i : order.after) {
    survey(nodes[i], i, scope.call);
    poison(nodes[i], scope);
  }
  for (const std::size_t i : order.nodes) import_node(nodes[i], i, scope);
}

void Importer::import_node(const NodeDef& node, std::size_t index, Scope& scope) {
  try {
    const bool plugin = plugin_of(node, scope.call) != nullptr;
    const FunctionDef* function = plugin ? nullptr : find_function(node);
    if (function == nullptr) {
      if (const std::string reason = why_unsupported(node, scope.call); !reason.empty()) {
        survey_inside(node, scope.call);
        throw ModelError(reason);
      }
    }
    std::vector<ValueId> operands;
    for (const std::string_view name : node.inputs) operands.push_back(operand(name, scope));
    const std::string name = node_name(node, index, scope.call);
    std::vector<ValueId> outputs;
    if (function != nullptr) {
      outputs = inline_function(*function, node, operands, scope, name + "/");
    } else {
      graph_.set_location(name);
      outputs = convert(node, std::move(operands), scope);
    }
    define(node, outputs, scope);
  } catch (const Poisoned&) {
    survey_inside(node, scope.call);
    poison(node, scope);
  } catch (const ModelError& error) {
    add_problem(node, index, scope.call, error.message());
    poison(node, scope);
  }
}

std::vector<ValueId> Importer::convert(const NodeDef& node, std::vector<ValueId> operands, Scope& scope) {
  const auto plugin = plugin_of(node, scope.call);
  const std::int64_t opset = version(node.domain, scope.call).value_or(1);
  NodeContext context(*this, scope, node, opset, std::move(operands),
                      scope.call == nullptr ? nullptr : &scope.call->attributes);
  std::vector<ValueId> outputs = plugin != nullptr
                                     ? convert_plugin(plugin, context)
                                     : registry().find(node.domain, node.op_type, opset)(context);
  context.require_all_attrs_understood();
  return outputs;
}

void Importer::define(const NodeDef& node, const std::vector<ValueId>& outputs, Scope& scope) {
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string_view name = node.outputs[i];
    if (name.empty()) continue;
    if (i >= outputs.size() || !outputs[i].valid())
      throw ModelError(fmt::format("output {} ({}) is not supported", i, quote(name)));
    if (!scope.values.emplace(name, outputs[i]).second) {
      throw ModelError(fmt::format("the name of output {} is used twice: {}", i, quote(name)));
    }
    if (graph_.value(outputs[i]).name.empty()) graph_.set_value_name(outputs[i], std::string(name));
    if (options_.taps && scope.outer == nullptr && scope.call == nullptr)
      graph_.add_tap(std::string(name), outputs[i]);
  }
}

void Importer::poison(const NodeDef& node, Scope& scope) {
  for (const std::string_view name : node.outputs) {
    if (!name.empty()) scope.values.emplace(name, ValueId{});
  }
}

std::vector<ValueId> Importer::inline_function(const FunctionDef& function, const NodeDef& node,
                                               const std::vector<ValueId>& operands, const Scope& scope,
                                               std::string prefix) {
  const Counted counted(depth_, kMaxDepth, "subgraphs and functions");
  for (const FunctionCall* call = scope.call; call != nullptr; call = call->caller) {
    if (&call->function == &function)
      throw ModelError(fmt::format("function '{}' calls itself", function.name));
  }
  inlined_nodes_ += function.nodes.size();
  if (inlined_nodes_ > kMaxInlinedNodes) {
    throw ModelError(
        fmt::format("the functions of the model unfold to more than {} nodes", kMaxInlinedNodes));
  }
  if (operands.size() > function.inputs.size()) {
    throw ModelError(
        fmt::format("has {} inputs, the function takes {}", operands.size(), function.inputs.size()));
  }
  FunctionCall call = make_call(function, std::move(prefix), scope.call);
  for (const AttributeDef& attribute : node.attributes) {
    const AttributeDef* value = &attribute;
    if (!attribute.reference.empty()) {
      if (scope.call == nullptr)
        throw ModelError(fmt::format("attribute '{}' refers to no function", attribute.name));
      const auto found = scope.call->attributes.find(attribute.reference);
      if (found == scope.call->attributes.end()) continue;
      value = found->second;
    }
    const bool known = call.attributes.count(attribute.name) != 0 ||
                       std::find(function.attributes.begin(), function.attributes.end(), attribute.name) !=
                           function.attributes.end();
    if (!known) throw ModelError(fmt::format("the function has no attribute '{}'", attribute.name));
    call.attributes[attribute.name] = value;
  }

  Scope inner{nullptr, &call};
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    if (i < operands.size() && operands[i].valid()) {
      inner.values.emplace(function.inputs[i], operands[i]);
    } else {
      inner.absent.insert(function.inputs[i]);
    }
  }
  import_nodes(function.nodes, inner);
  std::vector<ValueId> results;
  for (std::size_t i = 0; i < std::min(function.outputs.size(), node.outputs.size()); ++i) {
    results.push_back(node.outputs[i].empty() ? ValueId{} : operand(function.outputs[i], inner));
  }
  return results;
}

RegionId Importer::import_region(const GraphDef& body, const std::vector<Type>& parameters,
                                 const Scope& outer) {
  const Counted counted(depth_, kMaxDepth, "subgraphs and functions");
  if (body.inputs.size() != parameters.size()) {
    throw ModelError(fmt::format("the body {} has {} inputs, expected {}", quote(body.name),
                                 body.inputs.size(), parameters.size()));
  }
  const InsertionGuard guard(graph_);
  const RegionId region = graph_.add_region();
  graph_.set_insertion_region(region);
  Scope inner{&outer, outer.call};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string_view name = body.inputs[i].name;
    const ValueId id = graph_.add_parameter(region, std::string(name), parameters[i]);
    if (!inner.values.emplace(name, id).second)
      throw ModelError(fmt::format("two inputs of the body are called {}", quote(name)));
  }
  import_constants(body, inner);
  import_nodes(body.nodes, inner);
  std::vector<ValueId> results;
  for (const ValueDef& output : body.outputs) results.push_back(result(output.name, inner));
  graph_.set_results(region, std::move(results));
  return region;
}

std::vector<ValueId> Importer::inline_graph(const GraphDef& body, const std::vector<ValueId>& arguments,
                                            const Scope& outer) {
  const Counted counted(depth_, kMaxDepth, "subgraphs and functions");
  if (body.inputs.size() != arguments.size()) {
    throw ModelError(fmt::format("the graph {} has {} inputs, expected {}", quote(body.name),
                                 body.inputs.size(), arguments.size()));
  }
  Scope inner{&outer, outer.call};
  for (std::size_t i = 0; i < arguments.size(); ++i) inner.values.emplace(body.inputs[i].name, arguments[i]);
  import_constants(body, inner);
  import_nodes(body.nodes, inner);
  std::vector<ValueId> results;
  for (const ValueDef& output : body.outputs) results.push_back(result(output.name, inner));
  return results;
}

bool Importer::attempt(FunctionRef<bool()> build) {
  if (++attempts_ > kMaxAttempts) return false;
  Graph graph = graph_;
  const std::size_t problems = problems_.size();
  std::set<const NodeDef*> listed = listed_;
  try {
    if (build() && problems_.size() == problems) return true;
  } catch (const Poisoned&) {
  } catch (const ModelError&) {
  }
  graph_ = std::move(graph);
  problems_.resize(problems);
  listed_ = std::move(listed);
  return false;
}

void Importer::add_outputs(const Scope& scope) {
  const auto add = [&](std::string_view name) {
    try {
      graph_.add_output(std::string(name), result(name, scope));
    } catch (const Poisoned&) {
      // What it depends on is among the problems.
    } catch (const ModelError& error) {
      problems_.push_back({fmt::format("output {}", quote(name)), error.message()});
    }
  };
  for (const std::string& name : options_.outputs) add(name);
  if (!options_.outputs.empty()) return;
  if (model_.graph.outputs.empty()) throw ModelError("the graph of the model has no outputs");
  for (const ValueDef& output : model_.graph.outputs) add(output.name);
}

ValueId Importer::operand(std::string_view name, const Scope& scope) const {
  if (name.empty()) return {};
  for (const Scope* s = &scope; s != nullptr; s = s->outer) {
    if (s->absent.count(name) != 0) return {};
    if (const auto found = s->values.find(name); found != s->values.end()) {
      if (!found->second.valid()) throw Poisoned{};
      return found->second;
    }
  }
  throw ModelError(fmt::format("{} is not an input, an initializer or the output of a node", quote(name)));
}

ValueId Importer::result(std::string_view name, const Scope& scope) const {
  const ValueId id = operand(name, scope);
  if (!id.valid())
    throw ModelError(name.empty() ? "an output of a graph has no name"
                                  : fmt::format("{} is not given", quote(name)));
  return id;
}

const FunctionDef* Importer::find_function(const NodeDef& node) const {
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(function_key(node.domain, node.op_type, node.overload));
  return found == functions_.end() ? nullptr : found->second;
}

FunctionCall Importer::make_call(const FunctionDef& function, std::string prefix,
                                 const FunctionCall* caller) const {
  FunctionCall call{function, {}, to_opsets(function.opset_imports), std::move(prefix), caller};
  for (const AttributeDef& attribute : function.default_attributes)
    call.attributes[attribute.name] = &attribute;
  return call;
}

std::optional<std::int64_t> Importer::version(std::string_view domain, const FunctionCall* call) const {
  if (call != nullptr) {
    if (const auto found = call->opsets.find(domain); found != call->opsets.end()) return found->second;
  }
  if (const auto found = opsets_.find(domain); found != opsets_.end()) return found->second;
  // Files older than opset imports mean the first opset.
  if (domain.empty() && model_.ir_version < 3) return 1;
  return std::nullopt;
}

// A plugin goes behind the built-in operators, and before a function of the model.
std::shared_ptr<const PluginEntry> Importer::plugin_of(const NodeDef& node, const FunctionCall* call) const {
  const auto opset = version(node.domain, call);
  if (opset && registry().find(node.domain, node.op_type, *opset) != nullptr) return nullptr;
  return plugin_for(node, opset);
}

std::string Importer::why_unsupported(const NodeDef& node, const FunctionCall* call) const {
  if (plugin_of(node, call) != nullptr) return {};
  const auto opset = version(node.domain, call);
  if (!opset)
    return fmt::format("the model imports no opset of domain '{}'",
                       node.domain.empty() ? "ai.onnx" : node.domain);
  if (registry().find(node.domain, node.op_type, *opset) != nullptr) return {};
  if (registry().knows(node.domain, node.op_type)) return "this version of the operator is not supported";
  if (const auto versions = plugin_versions(node.domain, node.op_type); !versions.empty()) {
    return fmt::format("the operator is not supported: its plugin is loaded in version {} only",
                       fmt::join(versions, ", "));
  }
  return node.domain.empty() ? "the operator is not supported"
                             : "the operator is not supported, and no plugin for it is loaded";
}

void Importer::survey(const NodeDef& node, std::size_t index, const FunctionCall* call) {
  if (find_function(node) == nullptr) {
    if (const std::string reason = why_unsupported(node, call); !reason.empty())
      add_problem(node, index, call, reason);
  }
  survey_inside(node, call);
}

void Importer::survey_inside(const NodeDef& node, const FunctionCall* call) {
  if (depth_ >= kMaxDepth) return;
  const Counted counted(depth_, kMaxDepth, "subgraphs and functions");
  for (const AttributeDef& attribute : node.attributes) {
    for (const GraphDef& graph : attribute.graphs) {
      for (std::size_t i = 0; i < graph.nodes.size(); ++i) survey(graph.nodes[i], i, call);
    }
  }
  const FunctionDef* function = find_function(node);
  if (function == nullptr || !surveyed_.insert(function).second) return;
  const FunctionCall inner = make_call(*function, fmt::format("{}/", function->name), call);
  for (std::size_t i = 0; i < function->nodes.size(); ++i) survey(function->nodes[i], i, &inner);
}

void Importer::add_problem(const NodeDef& node, std::size_t index, const FunctionCall* call,
                           const std::string& reason) {
  if (!listed_.insert(&node).second) return;
  const auto opset = version(node.domain, call);
  problems_.push_back({fmt::format("{} ({}{})", quote(node_name(node, index, call)),
                                   qualified_name(node.domain, node.op_type),
                                   opset ? fmt::format(", opset {}", *opset) : std::string()),
                       reason});
}

void Importer::fail_with_problems() const {
  std::string message = problems_.size() == 1
                            ? "the model cannot be imported:"
                            : fmt::format("the model cannot be imported, {} problems:", problems_.size());
  for (const Problem& problem : problems_)
    message += fmt::format("\n  {}: {}", problem.where, problem.reason);
  throw ModelError(message);
}

}  // namespace tenon::onnx
