// NodeWriter: one node of the IR as its writer sees it: operands by name and type, and what adds ONNX nodes.
#pragma once

#include "exporters/onnx/graph_writer.hpp"
#include "exporters/onnx/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx_export {

using Name = std::string;  // of an ONNX value; empty: an optional operand that is left out
using NameList = std::vector<Name>;
using Ints = std::vector<std::int64_t>;

class NodeWriter {
 public:
  NodeWriter(GraphWriter& writer, NodeId node);

  const Node& node() const noexcept { return node_; }
  template <class T>
  const T& op() const {
    return *node_.op.as<T>();
  }
  const Graph& graph() const noexcept { return writer_.graph(); }
  [[noreturn]] void fail(const std::string& reason) const;
  void need_opset(std::int64_t opset) { writer_.need_opset(opset); }
  // Nodes from here on are of that domain.
  void set_domain(std::string domain, std::int64_t opset);

  // --- operands, by position ---
  std::size_t input_count() const noexcept { return node_.inputs.size(); }
  bool has(std::size_t i) const noexcept { return i < node_.inputs.size() && node_.inputs[i].valid(); }
  Name input(std::size_t i) const;  // empty when absent
  NameList inputs() const;          // trailing absent ones left out
  const TensorType& tensor(std::size_t i) const;
  DataType dtype(std::size_t i) const { return tensor(i).dtype; }
  const Dims* dims(std::size_t i) const;   // null when the rank is unknown
  std::int64_t rank(std::size_t i) const;  // fails when unknown

  // --- results ---
  std::size_t output_count() const noexcept { return node_.outputs.size(); }
  Name output(std::size_t i) const { return writer_.name_of(node_.outputs[i]); }
  NameList outputs() const;
  DataType result_dtype() const;

  // --- constants ---
  Name constant(const Tensor& tensor, std::string_view hint = "constant");
  Name ints(const Ints& values);  // i64[n]
  Name integer(std::int64_t value);
  Name scalar(DataType dtype, double value);
  void define_output(Name initializer) { writer_.define(node_.outputs.front(), std::move(initializer)); }

  // --- nodes ---
  // A further node with one result, or with `outputs`.
  Name add(std::string_view op_type, NameList inputs, const AttributeList& attributes = {});
  NameList add_node(std::string_view op_type, NameList inputs, std::size_t outputs,
                    const AttributeList& attributes = {});
  // The node that defines the IR node's outputs.
  void finish(std::string_view op_type, NameList inputs, const AttributeList& attributes = {});
  void finish(std::string_view op_type, NameList inputs, NameList outputs, const AttributeList& attributes);
  // The same with the regions as nested graphs, under these attribute names.
  void finish_with_graphs(std::string_view op_type, NameList inputs,
                          const std::vector<std::string_view>& graphs, const AttributeList& attributes = {});

  Name cast(Name value, DataType from, DataType to);  // the value itself when that is its dtype
  // An integer operand as i64; empty when absent.
  Name int64_input(std::size_t i);
  // What a field gives when it is set, else the operand at that position.
  Name field_or_input(const std::optional<Ints>& field, std::size_t i);

 private:
  void write(std::string_view op_type, std::string name, NameList inputs, NameList outputs,
             const AttributeList& attributes, std::vector<std::string> graphs = {});

  GraphWriter& writer_;
  const Node& node_;
  std::string domain_;
};

}  // namespace tenon::onnx_export
