#include "onnx/support.hpp"

#include "backends/ref/ref.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace tenon::test {

Graph import_model(const ModelText& model, const OnnxOptions& options) {
  Graph graph = import_onnx(as_bytes(serialize(model)), options);
  graph.verify();
  return graph;
}

std::string import_error(const std::string& bytes, const OnnxOptions& options) {
  try {
    import_onnx(as_bytes(bytes), options);
    return {};
  } catch (const ModelError& error) {
    return error.what();
  }
}

ModelText single_node(const SingleNode& node) {
  ModelText model;
  model.opset = node.opset;
  Names operands;
  for (std::size_t i = 0; i < node.shapes.size(); ++i) {
    operands.push_back(fmt::format("x{}", i));
    model.graph.inputs.push_back(value_info(operands.back(), tensor_type(kFloat, node.shapes[i])));
  }
  model.graph.initializers = node.initializers;
  model.graph.nodes = {
      {node.op_type, node.operands.empty() ? operands : node.operands, node.outputs, node.attributes, "n"}};
  for (const std::string& name : node.outputs) {
    if (!name.empty()) model.graph.outputs.push_back(value_info(name, tensor_type(kFloat)));
  }
  return model;
}

std::string operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.all_nodes()) {
    if (graph.node(id).op.name() != "constant") names.emplace_back(graph.node(id).op.name());
  }
  return fmt::format("{}", fmt::join(names, " "));
}

const Node& only_node(const Graph& graph, std::string_view op_name) {
  const Node* found = nullptr;
  for (const NodeId id : graph.all_nodes()) {
    const Node& node = graph.node(id);
    if (node.op.name() != op_name) continue;
    if (found != nullptr) throw std::runtime_error(fmt::format("several nodes {}", op_name));
    found = &node;
  }
  if (found == nullptr)
    throw std::runtime_error(fmt::format("no node {} among: {}", op_name, operators(graph)));
  return *found;
}

std::string type_text(const Graph& graph, std::size_t output) {
  return graph.type(graph.outputs()[output]).to_string();
}

Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::of<float>(std::move(shape), std::span<const float>(values));
}

std::vector<float> evaluate_floats(const Graph& graph, const std::vector<Tensor>& inputs) {
  const std::vector<Data> data(inputs.begin(), inputs.end());
  const std::vector<Data> results = ref::evaluate(graph, data);
  const auto values = results.front().tensor().values<float>();
  return {values.begin(), values.end()};
}

}  // namespace tenon::test
