// Shorthands of the importer's tests.
#pragma once

#include "importers/onnx/import.hpp"
#include "ir/data.hpp"
#include "ir/graph.hpp"
#include "onnx/model_writer.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace tenon::test {

Graph import_model(const ModelText& model, const OnnxOptions& options = {});

// The message of the ModelError that importing these bytes ends with; "" when there is none.
std::string import_error(const std::string& bytes, const OnnxOptions& options = {});
inline std::string import_error(const ModelText& model) { return import_error(serialize(model)); }

// One operator of f32 inputs "x0", "x1"… of the given shapes and one output "y"; initializers come behind the
// inputs.
struct SingleNode {
  std::string op_type;
  std::int64_t opset = 13;
  std::vector<std::vector<DimText>> shapes = {};
  std::vector<std::string> attributes = {};
  std::vector<std::string> initializers = {};
  Names operands = {};  // of the node; default: inputs, then initializers in order
  Names outputs = {"y"};
};
ModelText single_node(const SingleNode& node);

// Names of the operators in order, without constants, joined by spaces.
std::string operators(const Graph& graph);

// The only node whose operator is called that.
const Node& only_node(const Graph& graph, std::string_view op_name);

// The fields of an operator's struct.
template <class Op>
const Op& fields(const Graph& graph, std::string_view op_name) {
  return *only_node(graph, op_name).op.as<Op>();
}

std::string type_text(const Graph& graph, std::size_t output = 0);

Tensor floats(Shape shape, std::vector<float> values);
// Runs the graph on the reference backend; the first output.
std::vector<float> evaluate_floats(const Graph& graph, const std::vector<Tensor>& inputs);

}  // namespace tenon::test
