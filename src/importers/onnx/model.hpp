// What an ONNX file says, as plain structs. Strings and bytes are views into the file, which must outlive
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::onnx {

struct TensorDef {
  std::string_view name;
  std::vector<std::int64_t> dims;
  std::int32_t data_type = 0;  // code of TensorProto.DataType
  std::optional<std::string_view> raw_data;
  bool external = false;
  std::vector<std::pair<std::string_view, std::string_view>> external_data;
  std::string_view message;  // all bytes, for the typed data fields
};

struct SparseTensorDef {
  TensorDef values;  // its name is the tensor's
  TensorDef indices;
  std::vector<std::int64_t> dims;
};

struct DimDef {
  std::optional<std::int64_t> value;
  std::string_view param;
};

struct TypeDef {
  enum class Kind : std::uint8_t { none, tensor, sequence, map, optional, sparse_tensor, opaque };
  Kind kind = Kind::none;
  std::int32_t data_type = 0;                // element of a tensor, key of a map
  std::optional<std::vector<DimDef>> shape;  // of a tensor; nothing: unknown rank
  std::vector<TypeDef> element;              // one, of a sequence, optional or map
};

struct ValueDef {
  std::string_view name;
  TypeDef type;
};

struct GraphDef;

struct AttributeDef {
  // Codes of AttributeProto.AttributeType.
  enum class Kind : std::int32_t {
    undefined = 0,
    float_ = 1,
    int_ = 2,
    string = 3,
    tensor = 4,
    graph = 5,
    floats = 6,
    ints = 7,
    strings = 8,
    tensors = 9,
    graphs = 10,
    sparse_tensor = 11,
    sparse_tensors = 12,
    type = 13,
    types = 14,
  };
  std::string_view name;
  std::string_view reference;  // name of the function attribute that this one stands for
  Kind kind = Kind::undefined;
  float f = 0;
  std::int64_t i = 0;
  std::string_view s;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
  std::vector<std::string_view> strings;
  std::vector<TensorDef> tensors;  // `tensor` has one
  std::vector<SparseTensorDef> sparse_tensors;
  std::vector<TypeDef> types;
  std::vector<GraphDef> graphs;
};

struct NodeDef {
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;  // "" for the standard operators, also where the file says "ai.onnx"
  std::string_view overload;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<AttributeDef> attributes;
};

struct GraphDef {
  std::string_view name;
  std::vector<NodeDef> nodes;
  std::vector<TensorDef> initializers;
  std::vector<SparseTensorDef> sparse_initializers;
  std::vector<ValueDef> inputs;
  std::vector<ValueDef> outputs;
  std::vector<ValueDef> value_info;
};

struct OpsetImport {
  std::string_view domain;
  std::int64_t version = 0;
};

struct FunctionDef {
  std::string_view name;
  std::string_view domain;
  std::string_view overload;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> attributes;  // without default
  std::vector<AttributeDef> default_attributes;
  std::vector<NodeDef> nodes;
  std::vector<OpsetImport> opset_imports;
};

struct ModelDef {
  std::int64_t ir_version = 0;
  std::string_view producer_name;
  std::vector<OpsetImport> opset_imports;
  GraphDef graph;
  std::vector<FunctionDef> functions;
  std::vector<std::pair<std::string_view, std::string_view>> metadata;
};

}  // namespace tenon::onnx
