// What a TensorFlow file says, as plain structs. Strings and bytes are views into the file, which must
// outlive them. Attribute values stay encoded until somebody asks for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::tensorflow {

struct AttributeDef {
  std::string_view name;
  std::string_view message;  // an encoded AttrValue
};

struct NodeDef {
  std::string_view name;
  std::string_view op;
  std::vector<std::string_view> inputs;  // "node", "node:1", "^node" (control); in functions "node:output:0"
  std::vector<AttributeDef> attributes;
};

// A function's parameter or result.
struct ArgumentDef {
  std::string_view name;
  std::int32_t dtype = 0;  // code of DataType; 0: an attribute of the call names it
  bool is_list = false;    // stands for several tensors
};

struct FunctionDef {
  std::string_view name;
  std::vector<ArgumentDef> inputs;
  std::vector<ArgumentDef> outputs;
  std::vector<NodeDef> nodes;
  std::vector<std::pair<std::string_view, std::string_view>> results;  // output name → "node:output:0"
};

struct GraphDef {
  std::vector<NodeDef> nodes;
  std::vector<FunctionDef> functions;
};

// Dims of a tensor; -1: unknown.
struct ShapeDef {
  bool unknown_rank = false;
  std::vector<std::int64_t> dims;
};

struct TensorDef {
  std::int32_t dtype = 0;
  ShapeDef shape;
  std::string_view content;  // raw elements; empty: they are in the typed fields
  std::string_view message;  // all bytes, for the typed fields
};

// One entry of a signature: the caller's name of a tensor, and the graph's.
struct SignatureTensor {
  std::string_view key;
  std::string_view tensor;  // "node:0"
};

struct SignatureDef {
  std::string_view key;
  std::vector<SignatureTensor> inputs;   // sorted by key
  std::vector<SignatureTensor> outputs;  // sorted by key
};

// One MetaGraphDef of a SavedModel.
struct MetaGraph {
  std::vector<std::string_view> tags;
  GraphDef graph;
  std::vector<SignatureDef> signatures;  // sorted by key
};

}  // namespace tenon::tensorflow
