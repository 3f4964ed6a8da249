// GraphWriter: one IR graph as an ONNX model: names, order, nested graphs, and the problems on the way.
#pragma once

#include "exporters/onnx/messages.hpp"
#include "exporters/onnx/names.hpp"
#include "exporters/onnx/tensor_store.hpp"
#include "ir/graph.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx_export {

class GraphWriter {
 public:
  // `graph` is lowered already; both outlive the writer.
  GraphWriter(const Graph& graph, TensorStore& tensors);
  // ModelProto. ModelError that lists every node without a form in ONNX.
  std::string model();

  // --- for the writers of nodes ---
  const Graph& graph() const noexcept { return graph_; }
  const std::string& name_of(ValueId value) const;  // of an operand
  std::string unique(std::string_view hint) { return names_.unique(hint); }
  // The name of an initializer of the main graph that holds `tensor`; equal small ones are kept once.
  std::string initializer(const Tensor& tensor, std::string_view hint);
  void define(ValueId value, std::string initializer);  // a constant
  void add_node(NodeMessage node);                      // to the graph that is being written; names it apart
  std::string nested_graph(RegionId region, std::string_view name);
  void need_opset(std::int64_t opset, const std::string& domain = {});

 private:
  void write_nodes(RegionId region);
  void write_node(NodeId id);
  void name_inputs_and_outputs();
  std::vector<std::string> write_results(RegionId region, const std::vector<std::string>& wanted);

  const Graph& graph_;
  TensorStore& tensors_;
  Names names_;
  Names node_names_;
  std::vector<std::string> value_names_;  // by ValueId
  std::vector<std::string>* nodes_ = nullptr;
  std::vector<std::string> initializers_;
  std::map<std::string, std::string> shared_;  // small tensors: bytes → name
  std::vector<std::string> problems_;
  std::map<std::string, std::int64_t> opsets_;  // by domain
};

}  // namespace tenon::onnx_export
