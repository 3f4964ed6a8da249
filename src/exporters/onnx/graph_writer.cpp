#include "exporters/onnx/graph_writer.hpp"

#include "base/check.hpp"
#include "exporters/onnx/export.hpp"
#include "exporters/onnx/node_writer.hpp"
#include "exporters/onnx/registry.hpp"
#include "plugins/plugin_op.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx_export {
namespace {

constexpr std::size_t kSharedBytes = 128;  // larger initializers are written as often as the graph has them

// The first opset with that element type.
std::int64_t opset_of(const Type& type) {
  if (!type.is_tensor()) return opset_of(type.element());
  switch (type.as_tensor().dtype) {
    case DataType::f8e8m0: return 24;
    case DataType::i2:
    case DataType::u2: return 25;
    default: return kOnnxOpset;
  }
}

// The format that came with the opset.
std::int64_t ir_version(std::int64_t opset) {
  if (opset <= 23) return 11;
  if (opset == 24) return 12;
  return opset <= 27 ? 13 : 14;
}

}  // namespace

GraphWriter::GraphWriter(const Graph& graph, TensorStore& tensors)
    : graph_(graph), tensors_(tensors), value_names_(graph.value_limit()), opsets_{{"", kOnnxOpset}} {}

std::string GraphWriter::model() {
  name_inputs_and_outputs();
  GraphMessage main;
  main.name = graph_.name();
  nodes_ = &main.nodes;
  write_nodes(graph_.body());
  const std::vector<std::string> outputs = write_results(graph_.body(), graph_.output_names());
  if (!problems_.empty()) {
    throw ModelError(fmt::format("{} of the graph cannot be written as ONNX:\n  {}",
                                 problems_.size() == 1 ? "a node" : fmt::format("{} nodes", problems_.size()),
                                 fmt::join(problems_, "\n  ")));
  }
  for (const ValueId input : graph_.inputs()) {
    const Type& type = graph_.value(input).type;
    need_opset(opset_of(type));
    main.inputs.push_back(value_message(name_of(input), type));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    main.outputs.push_back(value_message(outputs[i], graph_.value(graph_.outputs()[i]).type));
  main.initializers = std::move(initializers_);

  ModelMessage model;
  model.opsets = opsets_;
  model.ir_version = ir_version(opsets_.at({}));
  model.graph = graph_message(std::move(main));
  for (const auto& [symbol, range] : graph_.symbol_ranges()) {
    model.metadata.emplace_back(fmt::format("tenon.range.{}", symbol),
                                fmt::format("{}:{}", range.min, range.max));
  }
  return model_message(model);
}

// Results keep their names where the node that makes them can give it; write_results() adds the others.
void GraphWriter::name_inputs_and_outputs() {
  for (const ValueId input : graph_.inputs()) {
    const std::string& name = graph_.value(input).name;
    names_.reserve(name);
    value_names_[input.value] = name;
  }
  const auto results = graph_.outputs();
  const auto& wanted = graph_.output_names();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!names_.reserve(wanted[i])) {
      // An input that is an output of the same name is both in ONNX too.
      if (value_names_[results[i].value] == wanted[i]) continue;
      throw ModelError(
          fmt::format("'{}' names an input and an output, which ONNX does not allow", wanted[i]));
    }
    std::string& name = value_names_[results[i].value];
    const bool constant = graph_.constant(results[i]) != nullptr;
    if (name.empty() && !constant && graph_.value(results[i]).producer.valid()) name = wanted[i];
  }
}

const std::string& GraphWriter::name_of(ValueId value) const {
  const std::string& name = value_names_[value.value];
  TENON_CHECK(!name.empty(), "value {} has no name", value.value);
  return name;
}

void GraphWriter::define(ValueId value, std::string initializer) {
  value_names_[value.value] = std::move(initializer);
}

std::string GraphWriter::initializer(const Tensor& tensor, std::string_view hint) {
  const bool shared = tensor.dtype() != DataType::string && tensor.size_bytes() <= kSharedBytes;
  std::string key = shared ? tensor_message({}, tensor) : std::string();
  if (shared) {
    if (const auto found = shared_.find(key); found != shared_.end()) return found->second;
  }
  std::string name = names_.unique(hint);
  initializers_.push_back(tensors_.message(name, tensor));
  if (shared) shared_.emplace(std::move(key), name);
  return name;
}

void GraphWriter::add_node(NodeMessage node) {
  if (!node.name.empty()) node.name = node_names_.unique(node.name);
  nodes_->push_back(node_message(node));
}

void GraphWriter::need_opset(std::int64_t opset, const std::string& domain) {
  std::int64_t& own = opsets_[domain];
  own = std::max(own, opset);
}

void GraphWriter::write_nodes(RegionId region) {
  for (const NodeId id : graph_.nodes(region)) {
    for (const ValueId output : graph_.node(id).outputs) need_opset(opset_of(graph_.value(output).type));
    write_node(id);
  }
}

void GraphWriter::write_node(NodeId id) {
  const Node& node = graph_.node(id);
  if (graph_.constant(node.outputs.front()) == nullptr) {
    for (const ValueId output : node.outputs) {
      std::string& name = value_names_[output.value];
      if (!name.empty()) continue;
      const std::string& hint = graph_.value(output).name;
      name = names_.unique(!hint.empty() ? hint : node.location.empty() ? node.op.name() : node.location);
    }
  }
  try {
    NodeWriter writer(*this, id);
    const Write write = node.op.is<op::Plugin>() ? write_plugin : registry().find(node.op.name());
    if (write == nullptr) writer.fail("ONNX has no such operator");
    write(writer);
  } catch (const ModelError& error) {
    problems_.push_back(fmt::format("{} '{}': {}", node.op.name(), node.location, error.what()));
    if (graph_.constant(node.outputs.front()) != nullptr) define(node.outputs.front(), "unwritten");
  }
}

// A result that no node of the graph defines, or that is one already, is passed through a node of its own.
// `wanted` is empty for nested graphs, whose results have no names.
std::vector<std::string> GraphWriter::write_results(RegionId region, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  const std::vector<ValueId>& results = graph_.region(region).results;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Value& value = graph_.value(results[i]);
    const std::string& name = name_of(results[i]);
    const bool named = wanted.empty() || wanted[i] == name;
    const bool made_here = value.producer.valid() && graph_.constant(results[i]) == nullptr &&
                           graph_.region_of(results[i]) == region;
    const bool passed = !wanted.empty() && named && value.parameter_of.valid();  // input and output at once
    const bool taken = std::find(names.begin(), names.end(), name) != names.end();
    if (named && (made_here || passed) && !taken) {
      names.push_back(name);
      continue;
    }
    std::string copy = wanted.empty() ? names_.unique(name) : wanted[i];
    add_node({"Identity", {}, {name}, {copy}, {}});
    names.push_back(std::move(copy));
  }
  return names;
}

std::string GraphWriter::nested_graph(RegionId id, std::string_view name) {
  GraphMessage nested;
  nested.name = name;
  std::vector<std::string>* const outer = std::exchange(nodes_, &nested.nodes);
  const Region& region = graph_.region(id);
  for (const ValueId parameter : region.parameters) {
    const Value& value = graph_.value(parameter);
    value_names_[parameter.value] = names_.unique(value.name);
    nested.inputs.push_back(value_message(name_of(parameter), value.type));
  }
  write_nodes(id);
  const std::vector<std::string> outputs = write_results(id, {});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    nested.outputs.push_back(value_message(outputs[i], graph_.value(region.results[i]).type));
  nodes_ = outer;
  return graph_message(std::move(nested));
}

}  // namespace tenon::onnx_export
