#include "importers/onnx/reader.hpp"

#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::onnx {
namespace {

void read(WireReader in, TensorDef& tensor, std::string_view message) {
  tensor.message = message;
  while (in.next()) {
    switch (in.field()) {
      case 1: in.append_to(tensor.dims); break;
      case 2: tensor.data_type = in.int32(); break;
      case 3: in.fail("segmented tensors are not in use");
      case 8: tensor.name = in.bytes(); break;
      case 9: tensor.raw_data = in.bytes(); break;
      case 13: {
        WireReader entry = in.message();
        auto& [key, value] = tensor.external_data.emplace_back();
        while (entry.next()) {
          if (entry.field() == 1) key = entry.bytes();
          if (entry.field() == 2) value = entry.bytes();
        }
        break;
      }
      case 14: tensor.external = in.varint() == 1; break;
      default: break;
    }
  }
}

void read(WireReader in, SparseTensorDef& sparse) {
  while (in.next()) {
    switch (in.field()) {
      case 1: read(in.message(), sparse.values, in.bytes()); break;
      case 2: read(in.message(), sparse.indices, in.bytes()); break;
      case 3: in.append_to(sparse.dims); break;
      default: break;
    }
  }
}

std::vector<DimDef> read_shape(WireReader in) {
  std::vector<DimDef> dims;
  while (in.next()) {
    if (in.field() != 1) continue;
    DimDef& dim = dims.emplace_back();
    WireReader entry = in.message();
    while (entry.next()) {
      if (entry.field() == 1) {
        dim = {entry.int64(), {}};
      } else if (entry.field() == 2) {
        dim = {std::nullopt, entry.bytes()};
      }
    }
  }
  return dims;
}

void check_depth(const WireReader& in, int depth) {
  if (depth > kMaxDepth) in.fail(fmt::format("graphs or types are nested more than {} deep", kMaxDepth));
}

void read(WireReader in, TypeDef& type, int depth);

// Body of TypeProto.Tensor, Sequence, Map, Optional and SparseTensor: an element type code or type, and a
// shape or value type.
void read_alternative(WireReader in, TypeDef& type, TypeDef::Kind kind, int depth) {
  type = {};
  type.kind = kind;
  const bool tensor = kind == TypeDef::Kind::tensor || kind == TypeDef::Kind::sparse_tensor;
  const bool map = kind == TypeDef::Kind::map;
  while (in.next()) {
    if (in.field() == 1 && (tensor || map)) {
      type.data_type = in.int32();
    } else if (in.field() == 2 && tensor) {
      type.shape = read_shape(in.message());
    } else if ((in.field() == 2 && map) || (in.field() == 1 && !tensor && !map)) {
      type.element.resize(1);
      read(in.message(), type.element.front(), depth + 1);
    }
  }
}

void read(WireReader in, TypeDef& type, int depth) {
  check_depth(in, depth);
  using Kind = TypeDef::Kind;
  while (in.next()) {
    switch (in.field()) {
      case 1: read_alternative(in.message(), type, Kind::tensor, depth); break;
      case 4: read_alternative(in.message(), type, Kind::sequence, depth); break;
      case 5: read_alternative(in.message(), type, Kind::map, depth); break;
      case 7: type.kind = Kind::opaque; break;
      case 8: read_alternative(in.message(), type, Kind::sparse_tensor, depth); break;
      case 9: read_alternative(in.message(), type, Kind::optional, depth); break;
      default: break;
    }
  }
}

void read(WireReader in, ValueDef& value) {
  while (in.next()) {
    if (in.field() == 1) value.name = in.bytes();
    if (in.field() == 2) read(in.message(), value.type, 0);
  }
}

void read(WireReader in, GraphDef& graph, int depth);

void read(WireReader in, AttributeDef& attribute, int depth) {
  using Kind = AttributeDef::Kind;
  auto stored = Kind::undefined;  // what old files, which have no type field, hold
  while (in.next()) {
    switch (in.field()) {
      case 1: attribute.name = in.bytes(); break;
      case 2: attribute.f = in.float32(), stored = Kind::float_; break;
      case 3: attribute.i = in.int64(), stored = Kind::int_; break;
      case 4: attribute.s = in.bytes(), stored = Kind::string; break;
      case 5:
      case 10:
        read(in.message(), attribute.tensors.emplace_back(), in.bytes());
        stored = in.field() == 5 ? Kind::tensor : Kind::tensors;
        break;
      case 6:
      case 11:
        read(in.message(), attribute.graphs.emplace_back(), depth + 1);
        stored = in.field() == 6 ? Kind::graph : Kind::graphs;
        break;
      case 7: in.append_to(attribute.floats), stored = Kind::floats; break;
      case 8: in.append_to(attribute.ints), stored = Kind::ints; break;
      case 9: attribute.strings.push_back(in.bytes()), stored = Kind::strings; break;
      case 14:
      case 15:
        read(in.message(), attribute.types.emplace_back(), 0);
        stored = in.field() == 14 ? Kind::type : Kind::types;
        break;
      case 20: attribute.kind = static_cast<Kind>(in.int32()); break;
      case 21: attribute.reference = in.bytes(); break;
      case 22:
      case 23:
        read(in.message(), attribute.sparse_tensors.emplace_back());
        stored = in.field() == 22 ? Kind::sparse_tensor : Kind::sparse_tensors;
        break;
      default: break;
    }
  }
  if (attribute.kind == Kind::undefined) attribute.kind = stored;
  if (attribute.name.empty()) in.fail("an attribute has no name");
}

std::string_view standard_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view() : domain;
}

void read(WireReader in, NodeDef& node, int depth) {
  while (in.next()) {
    switch (in.field()) {
      case 1: node.inputs.push_back(in.bytes()); break;
      case 2: node.outputs.push_back(in.bytes()); break;
      case 3: node.name = in.bytes(); break;
      case 4: node.op_type = in.bytes(); break;
      case 5: read(in.message(), node.attributes.emplace_back(), depth); break;
      case 7: node.domain = standard_domain(in.bytes()); break;
      case 8: node.overload = in.bytes(); break;
      default: break;
    }
  }
  if (node.op_type.empty()) in.fail("a node has no operator type");
}

void read(WireReader in, GraphDef& graph, int depth) {
  check_depth(in, depth);
  while (in.next()) {
    switch (in.field()) {
      case 1: read(in.message(), graph.nodes.emplace_back(), depth); break;
      case 2: graph.name = in.bytes(); break;
      case 5: read(in.message(), graph.initializers.emplace_back(), in.bytes()); break;
      case 11: read(in.message(), graph.inputs.emplace_back()); break;
      case 12: read(in.message(), graph.outputs.emplace_back()); break;
      case 13: read(in.message(), graph.value_info.emplace_back()); break;
      case 15: read(in.message(), graph.sparse_initializers.emplace_back()); break;
      default: break;
    }
  }
}

void read(WireReader in, OpsetImport& opset) {
  while (in.next()) {
    if (in.field() == 1) opset.domain = standard_domain(in.bytes());
    if (in.field() == 2) opset.version = in.int64();
  }
}

void read(WireReader in, FunctionDef& function) {
  while (in.next()) {
    switch (in.field()) {
      case 1: function.name = in.bytes(); break;
      case 4: function.inputs.push_back(in.bytes()); break;
      case 5: function.outputs.push_back(in.bytes()); break;
      case 6: function.attributes.push_back(in.bytes()); break;
      case 7: read(in.message(), function.nodes.emplace_back(), 0); break;
      case 9: read(in.message(), function.opset_imports.emplace_back()); break;
      case 10: function.domain = standard_domain(in.bytes()); break;
      case 11: read(in.message(), function.default_attributes.emplace_back(), 0); break;
      case 13: function.overload = in.bytes(); break;
      default: break;
    }
  }
}

}  // namespace

ModelDef read_model(std::string_view bytes) {
  ModelDef model;
  bool has_graph = false;
  WireReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: model.ir_version = in.int64(); break;
      case 2: model.producer_name = in.bytes(); break;
      case 7:
        read(in.message(), model.graph, 0);
        has_graph = true;
        break;
      case 8: read(in.message(), model.opset_imports.emplace_back()); break;
      case 14: {
        WireReader entry = in.message();
        auto& [key, value] = model.metadata.emplace_back();
        while (entry.next()) {
          if (entry.field() == 1) key = entry.bytes();
          if (entry.field() == 2) value = entry.bytes();
        }
        break;
      }
      case 25: read(in.message(), model.functions.emplace_back()); break;
      default: break;
    }
  }
  if (!has_graph) throw ModelError("not an ONNX model: it holds no graph");
  return model;
}

TensorDef read_tensor(std::string_view bytes) {
  TensorDef tensor;
  read(WireReader(bytes), tensor, bytes);
  return tensor;
}

}  // namespace tenon::onnx
