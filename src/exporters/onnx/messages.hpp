// The messages of an ONNX file as bytes; a serialized message is a string, so they nest as values.
#pragma once

#include "ir/attribute.hpp"
#include "ir/type.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::onnx_export {

// Code of TensorProto.DataType.
std::int32_t element_type(DataType dtype) noexcept;

// TypeProto. Dims are numbers or names; what is an expression, or unknown, is left open.
std::string type_message(const Type& type);

// ValueInfoProto.
std::string value_message(std::string_view name, const Type& type);

// AttributeProto. bool and DataType become numbers, Tensor a tensor that holds its data.
std::string attribute_message(std::string_view name, const AttributeValue& value);
std::string graph_attribute_message(std::string_view name, const std::string& graph);

// TensorProto with its data inside.
std::string tensor_message(std::string_view name, const Tensor& tensor);
// TensorProto whose data lies in another file.
std::string external_tensor_message(std::string_view name, const Tensor& tensor, std::string_view file,
                                    std::uint64_t offset);

struct NodeMessage {
  std::string op_type;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> attributes;  // AttributeProto
  std::string domain = {};
};
std::string node_message(const NodeMessage& node);

struct GraphMessage {
  std::string name;
  std::vector<std::string> nodes;         // NodeProto
  std::vector<std::string> initializers;  // TensorProto
  std::vector<std::string> inputs;        // ValueInfoProto
  std::vector<std::string> outputs;
};
std::string graph_message(GraphMessage graph);  // frees the parts as it goes

struct ModelMessage {
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // by domain
  std::string graph;                           // GraphProto
  std::vector<std::pair<std::string, std::string>> metadata;
};
std::string model_message(const ModelMessage& model);

}  // namespace tenon::onnx_export
