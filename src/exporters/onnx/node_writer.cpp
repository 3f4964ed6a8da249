#include "exporters/onnx/node_writer.hpp"

#include "ops/scalar.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::onnx_export {

NodeWriter::NodeWriter(GraphWriter& writer, NodeId node)
    : writer_(writer), node_(writer.graph().node(node)) {}

void NodeWriter::fail(const std::string& reason) const { throw ModelError(reason); }

void NodeWriter::set_domain(std::string domain, std::int64_t opset) {
  writer_.need_opset(opset, domain);
  domain_ = std::move(domain);
}

Name NodeWriter::input(std::size_t i) const { return has(i) ? writer_.name_of(node_.inputs[i]) : Name(); }

NameList NodeWriter::inputs() const {
  NameList names;
  for (std::size_t i = 0; i < node_.inputs.size(); ++i) names.push_back(input(i));
  return names;
}

const TensorType& NodeWriter::tensor(std::size_t i) const {
  return graph().value(node_.inputs[i]).type.as_tensor();
}

const Dims* NodeWriter::dims(std::size_t i) const {
  const auto& dims = tensor(i).dims;
  return dims ? &*dims : nullptr;
}

std::int64_t NodeWriter::rank(std::size_t i) const {
  const Dims* known = dims(i);
  if (known == nullptr) fail(fmt::format("the rank of operand {} must be known", i));
  return static_cast<std::int64_t>(known->size());
}

NameList NodeWriter::outputs() const {
  NameList names;
  for (std::size_t i = 0; i < output_count(); ++i) names.push_back(output(i));
  return names;
}

DataType NodeWriter::result_dtype() const {
  return graph().value(node_.outputs.front()).type.as_tensor().dtype;
}

Name NodeWriter::constant(const Tensor& tensor, std::string_view hint) {
  return writer_.initializer(tensor, hint);
}

Name NodeWriter::ints(const Ints& values) {
  return constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())},
                                           std::span<const std::int64_t>(values)));
}

Name NodeWriter::integer(std::int64_t value) {
  return constant(Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&value, 1)));
}

Name NodeWriter::scalar(DataType dtype, double value) { return constant(scalar_tensor(dtype, value)); }

void NodeWriter::write(std::string_view op_type, std::string name, NameList inputs, NameList outputs,
                       const AttributeList& attributes, std::vector<std::string> graphs) {
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  NodeMessage message{
      std::string(op_type), std::move(name), std::move(inputs), std::move(outputs), {}, domain_};
  for (const Attribute& attribute : attributes)
    message.attributes.push_back(attribute_message(attribute.name, attribute.value));
  for (std::string& graph : graphs) message.attributes.push_back(std::move(graph));
  writer_.add_node(std::move(message));
}

NameList NodeWriter::add_node(std::string_view op_type, NameList inputs, std::size_t outputs,
                              const AttributeList& attributes) {
  NameList names;
  for (std::size_t i = 0; i < outputs; ++i)
    names.push_back(writer_.unique(fmt::format("{}/{}", output(0), op_type)));
  std::string name = node_.location.empty() ? std::string() : fmt::format("{}/{}", node_.location, op_type);
  write(op_type, std::move(name), std::move(inputs), names, attributes);
  return names;
}

Name NodeWriter::add(std::string_view op_type, NameList inputs, const AttributeList& attributes) {
  return add_node(op_type, std::move(inputs), 1, attributes).front();
}

void NodeWriter::finish(std::string_view op_type, NameList inputs, const AttributeList& attributes) {
  finish(op_type, std::move(inputs), outputs(), attributes);
}

void NodeWriter::finish(std::string_view op_type, NameList inputs, NameList outputs,
                        const AttributeList& attributes) {
  write(op_type, node_.location, std::move(inputs), std::move(outputs), attributes);
}

void NodeWriter::finish_with_graphs(std::string_view op_type, NameList inputs,
                                    const std::vector<std::string_view>& graphs,
                                    const AttributeList& attributes) {
  std::vector<std::string> nested;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const std::string name = fmt::format("{}/{}", output(0), graphs[i]);
    nested.push_back(graph_attribute_message(graphs[i], writer_.nested_graph(node_.regions[i], name)));
  }
  write(op_type, node_.location, std::move(inputs), outputs(), attributes, std::move(nested));
}

Name NodeWriter::cast(Name value, DataType from, DataType to) {
  return from == to ? value : add("Cast", {std::move(value)}, {{"to", to}});
}

Name NodeWriter::int64_input(std::size_t i) {
  return has(i) ? cast(input(i), dtype(i), DataType::i64) : Name();
}

Name NodeWriter::field_or_input(const std::optional<Ints>& field, std::size_t i) {
  return field ? ints(*field) : int64_input(i);
}

}  // namespace tenon::onnx_export
