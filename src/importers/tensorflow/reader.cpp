#include "importers/tensorflow/reader.hpp"

#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

constexpr std::size_t kMaxRank = 64;

// An entry of map<string, message>.
AttributeDef read_attribute(WireReader in) {
  AttributeDef attribute;
  while (in.next()) {
    if (in.field() == 1) attribute.name = in.bytes();
    if (in.field() == 2) attribute.message = in.bytes();
  }
  return attribute;
}

void read(WireReader in, NodeDef& node) {
  while (in.next()) {
    switch (in.field()) {
      case 1: node.name = in.bytes(); break;
      case 2: node.op = in.bytes(); break;
      case 3: node.inputs.push_back(in.bytes()); break;
      case 5: node.attributes.push_back(read_attribute(in.message())); break;
      default: break;
    }
  }
  if (node.name.empty()) in.fail("a node has no name");
  if (node.op.empty()) in.fail(fmt::format("node '{}' has no operator", node.name));
}

ArgumentDef read_argument(WireReader in) {
  ArgumentDef argument;
  while (in.next()) {
    switch (in.field()) {
      case 1: argument.name = in.bytes(); break;
      case 3: argument.dtype = in.int32(); break;
      case 5:
      case 6: argument.is_list = true; break;
      default: break;
    }
  }
  return argument;
}

void read_signature(WireReader in, FunctionDef& function) {
  while (in.next()) {
    switch (in.field()) {
      case 1: function.name = in.bytes(); break;
      case 2: function.inputs.push_back(read_argument(in.message())); break;
      case 3: function.outputs.push_back(read_argument(in.message())); break;
      default: break;
    }
  }
}

void read(WireReader in, FunctionDef& function) {
  while (in.next()) {
    switch (in.field()) {
      case 1: read_signature(in.message(), function); break;
      case 3: read(in.message(), function.nodes.emplace_back()); break;
      case 4: {
        WireReader entry = in.message();
        auto& [key, value] = function.results.emplace_back();
        while (entry.next()) {
          if (entry.field() == 1) key = entry.bytes();
          if (entry.field() == 2) value = entry.bytes();
        }
        break;
      }
      default: break;
    }
  }
  if (function.name.empty()) in.fail("a function has no name");
}

void read(WireReader in, GraphDef& graph) {
  while (in.next()) {
    if (in.field() == 1) {
      read(in.message(), graph.nodes.emplace_back());
    } else if (in.field() == 2) {
      WireReader library = in.message();
      while (library.next()) {
        if (library.field() == 1) read(library.message(), graph.functions.emplace_back());
      }
    }
  }
}

// An entry of map<string, TensorInfo>.
SignatureTensor read_signature_tensor(WireReader in) {
  SignatureTensor tensor;
  while (in.next()) {
    if (in.field() == 1) tensor.key = in.bytes();
    if (in.field() != 2) continue;
    WireReader info = in.message();
    while (info.next()) {
      if (info.field() == 1) tensor.tensor = info.bytes();
    }
  }
  return tensor;
}

template <class T>
void sort_by_key(std::vector<T>& list) {
  std::sort(list.begin(), list.end(), [](const T& a, const T& b) { return a.key < b.key; });
}

// An entry of map<string, SignatureDef>.
SignatureDef read_signature_entry(WireReader in) {
  SignatureDef signature;
  while (in.next()) {
    if (in.field() == 1) signature.key = in.bytes();
    if (in.field() != 2) continue;
    WireReader body = in.message();
    while (body.next()) {
      if (body.field() == 1) signature.inputs.push_back(read_signature_tensor(body.message()));
      if (body.field() == 2) signature.outputs.push_back(read_signature_tensor(body.message()));
    }
  }
  sort_by_key(signature.inputs);
  sort_by_key(signature.outputs);
  return signature;
}

void read(WireReader in, MetaGraph& meta) {
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        WireReader info = in.message();
        while (info.next()) {
          if (info.field() == 4) meta.tags.push_back(info.bytes());
        }
        break;
      }
      case 2: read(in.message(), meta.graph); break;
      case 5: meta.signatures.push_back(read_signature_entry(in.message())); break;
      default: break;
    }
  }
  sort_by_key(meta.signatures);
}

}  // namespace

GraphDef read_graph(std::string_view bytes) {
  GraphDef graph;
  read(WireReader(bytes), graph);
  if (graph.nodes.empty()) throw ModelError("not a TensorFlow graph: it holds no node");
  return graph;
}

std::vector<MetaGraph> read_saved_model(std::string_view bytes) {
  std::vector<MetaGraph> metas;
  WireReader in(bytes);
  while (in.next()) {
    if (in.field() == 2) read(in.message(), metas.emplace_back());
  }
  if (metas.empty()) throw ModelError("not a SavedModel: it holds no graph");
  return metas;
}

TensorDef read_tensor(std::string_view bytes) {
  TensorDef tensor;
  tensor.message = bytes;
  WireReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: tensor.dtype = in.int32(); break;
      case 2: tensor.shape = read_shape(in.bytes()); break;
      case 4: tensor.content = in.bytes(); break;
      default: break;
    }
  }
  return tensor;
}

ShapeDef read_shape(std::string_view bytes) {
  ShapeDef shape;
  WireReader in(bytes);
  while (in.next()) {
    if (in.field() == 3) shape.unknown_rank = in.varint() != 0;
    if (in.field() != 2) continue;
    std::int64_t& size = shape.dims.emplace_back(0);
    WireReader dim = in.message();
    while (dim.next()) {
      if (dim.field() == 1) size = dim.int64();
    }
    if (size < -1) in.fail(fmt::format("a dim is {}", size));
    if (shape.dims.size() > kMaxRank) in.fail(fmt::format("a shape has more than {} dims", kMaxRank));
  }
  return shape;
}

bool looks_like_graph(std::string_view head) noexcept {
  // A node is field 1, and its first field its name: 0x0A length 0x0A length name.
  std::size_t at = 0;
  const auto byte = [&] { return at < head.size() ? static_cast<unsigned char>(head[at++]) : 0U; };
  const auto length = [&] {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned b = byte();
      value |= static_cast<std::size_t>(b & 0x7FU) << shift;
      if ((b & 0x80U) == 0) break;
    }
    return value;
  };
  if (byte() != 0x0AU) return false;
  const std::size_t node = length();
  if (byte() != 0x0AU) return false;
  const std::size_t name = length();
  if (name == 0 || name >= node || name > head.size() - std::min(at, head.size())) return false;
  for (const char c : head.substr(at, name)) {
    if (static_cast<unsigned char>(c) < 0x21) return false;
  }
  at += name;
  return byte() == 0x12U;  // its operator
}

}  // namespace tenon::tensorflow
