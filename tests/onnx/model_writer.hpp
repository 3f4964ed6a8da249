// Writes small ONNX models for tests, good and bad ones alike: what is said is written, nothing is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

// Codes of TensorProto.DataType.
enum ElementType : std::int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kInt4 = 22
};

// One dim of a declared shape: a number, a name, or nothing.
struct DimText {
  std::optional<std::int64_t> value;
  std::string name;
  DimText(int v) : value(v) {}         // NOLINT(google-explicit-constructor)
  DimText(const char* n) : name(n) {}  // NOLINT(google-explicit-constructor)
};

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using Names = std::vector<std::string>;

// Serialized messages are strings, so they nest as values.
std::string tensor(std::string_view name, std::int32_t type, const Ints& dims, std::string_view raw);
std::string float_tensor(std::string_view name, const Ints& dims, const Floats& values);  // as raw data
std::string int64_tensor(std::string_view name, const Ints& dims, const Ints& values);    // as raw data
std::string typed_tensor(std::string_view name, std::int32_t type, const Ints& dims, std::uint32_t field,
                         const Ints& varints, bool packed = true);
std::string external_tensor(std::string_view name, std::int32_t type, const Ints& dims,
                            std::string_view location, std::string_view offset = {},
                            std::string_view length = {});
std::string sparse_tensor(const std::string& values, const std::string& indices, const Ints& dims);

std::string tensor_type(std::int32_t type, const std::vector<DimText>& dims);
std::string tensor_type(std::int32_t type);  // unknown rank
std::string sequence_type(const std::string& element);
std::string optional_type(const std::string& element);
std::string map_type(std::int32_t key, const std::string& value);
std::string value_info(std::string_view name, const std::string& type);

std::string attribute(std::string_view name, std::int64_t value);
std::string attribute(std::string_view name, int value);
std::string attribute(std::string_view name, float value);
std::string attribute(std::string_view name, const char* value);
std::string attribute(std::string_view name, const Ints& values);
std::string attribute(std::string_view name, const Floats& values);
std::string attribute(std::string_view name, const Names& values);
std::string tensor_attribute(std::string_view name, const std::string& tensor);
std::string sparse_attribute(std::string_view name, const std::string& sparse);
std::string graph_attribute(std::string_view name, const std::string& graph);
std::string reference_attribute(std::string_view name, std::string_view of, std::int32_t kind);

struct NodeText {
  std::string op_type;
  Names inputs;
  Names outputs;
  std::vector<std::string> attributes = {};
  std::string name = {};
  std::string domain = {};
};

struct GraphText {
  std::vector<std::string> inputs = {};  // value_info()
  std::vector<NodeText> nodes = {};
  std::vector<std::string> outputs = {};
  std::vector<std::string> initializers = {};         // tensor()
  std::vector<std::string> sparse_initializers = {};  // sparse_tensor()
  std::string name = "test";
};

std::string serialize(const NodeText& node);
std::string serialize(const GraphText& graph);

struct FunctionText {
  std::string domain;
  std::string name;
  Names inputs;
  Names outputs;
  std::vector<NodeText> nodes;
  Names attributes = {};
  std::vector<std::string> default_attributes = {};
  std::int64_t opset = 13;
};

std::string serialize(const FunctionText& function);

struct ModelText {
  GraphText graph;
  std::int64_t opset = 13;
  std::int64_t ir_version = 8;
  std::vector<FunctionText> functions = {};
  std::vector<std::pair<std::string, std::int64_t>> domains = {};
};

std::string serialize(const ModelText& model);

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace tenon::test
