#include "onnx/model_writer.hpp"

#include <protozero/pbf_writer.hpp>

namespace tenon::test {
namespace {

using Writer = protozero::pbf_writer;

template <class F>
std::string message(F&& fill) {
  std::string bytes;
  Writer out(bytes);
  fill(out);
  return bytes;
}

void add_dims(Writer& out, std::uint32_t field, const Ints& dims) {
  if (!dims.empty()) out.add_packed_int64(field, dims.begin(), dims.end());
}

std::string entry(std::string_view key, std::string_view value) {
  return message([&](Writer& out) {
    out.add_string(1, key.data(), key.size());
    out.add_string(2, value.data(), value.size());
  });
}

template <class F>
std::string attribute_of(std::string_view name, std::int32_t kind, F&& fill) {
  return message([&](Writer& out) {
    out.add_string(1, name.data(), name.size());
    fill(out);
    out.add_int32(20, kind);
  });
}

void add_opset(Writer& out, std::uint32_t field, std::string_view domain, std::int64_t version) {
  out.add_message(field, message([&](Writer& opset) {
                    if (!domain.empty()) opset.add_string(1, domain.data(), domain.size());
                    opset.add_int64(2, version);
                  }));
}

}  // namespace

std::string tensor(std::string_view name, std::int32_t type, const Ints& dims, std::string_view raw) {
  return message([&](Writer& out) {
    add_dims(out, 1, dims);
    out.add_int32(2, type);
    out.add_string(8, name.data(), name.size());
    out.add_bytes(9, raw.data(), raw.size());
  });
}

std::string float_tensor(std::string_view name, const Ints& dims, const Floats& values) {
  return tensor(name, kFloat, dims,
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

std::string int64_tensor(std::string_view name, const Ints& dims, const Ints& values) {
  return tensor(name, kInt64, dims,
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(std::int64_t)});
}

std::string typed_tensor(std::string_view name, std::int32_t type, const Ints& dims, std::uint32_t field,
                         const Ints& varints, bool packed) {
  return message([&](Writer& out) {
    add_dims(out, 1, dims);
    out.add_int32(2, type);
    out.add_string(8, name.data(), name.size());
    if (packed) {
      out.add_packed_int64(field, varints.begin(), varints.end());
    } else {
      for (const std::int64_t value : varints) out.add_int64(field, value);
    }
  });
}

std::string external_tensor(std::string_view name, std::int32_t type, const Ints& dims,
                            std::string_view location, std::string_view offset, std::string_view length) {
  return message([&](Writer& out) {
    add_dims(out, 1, dims);
    out.add_int32(2, type);
    out.add_string(8, name.data(), name.size());
    out.add_message(13, entry("location", location));
    if (!offset.empty()) out.add_message(13, entry("offset", offset));
    if (!length.empty()) out.add_message(13, entry("length", length));
    out.add_enum(14, 1);
  });
}

std::string sparse_tensor(const std::string& values, const std::string& indices, const Ints& dims) {
  return message([&](Writer& out) {
    out.add_message(1, values);
    out.add_message(2, indices);
    add_dims(out, 3, dims);
  });
}

std::string tensor_type(std::int32_t type, const std::vector<DimText>& dims) {
  const std::string shape = message([&](Writer& out) {
    for (const DimText& dim : dims) {
      out.add_message(1, message([&](Writer& d) {
                        if (dim.value) d.add_int64(1, *dim.value);
                        if (!dim.name.empty()) d.add_string(2, dim.name);
                      }));
    }
  });
  return message([&](Writer& out) {
    out.add_message(1, message([&](Writer& t) {
                      t.add_int32(1, type);
                      t.add_message(2, shape);
                    }));
  });
}

std::string tensor_type(std::int32_t type) {
  return message([&](Writer& out) { out.add_message(1, message([&](Writer& t) { t.add_int32(1, type); })); });
}

std::string sequence_type(const std::string& element) {
  return message(
      [&](Writer& out) { out.add_message(4, message([&](Writer& s) { s.add_message(1, element); })); });
}

std::string optional_type(const std::string& element) {
  return message(
      [&](Writer& out) { out.add_message(9, message([&](Writer& s) { s.add_message(1, element); })); });
}

std::string map_type(std::int32_t key, const std::string& value) {
  return message([&](Writer& out) {
    out.add_message(5, message([&](Writer& s) {
                      s.add_int32(1, key);
                      s.add_message(2, value);
                    }));
  });
}

std::string value_info(std::string_view name, const std::string& type) {
  return message([&](Writer& out) {
    out.add_string(1, name.data(), name.size());
    out.add_message(2, type);
  });
}

std::string attribute(std::string_view name, std::int64_t value) {
  return attribute_of(name, 2, [&](Writer& out) { out.add_int64(3, value); });
}

std::string attribute(std::string_view name, int value) {
  return attribute(name, static_cast<std::int64_t>(value));
}

std::string attribute(std::string_view name, float value) {
  return attribute_of(name, 1, [&](Writer& out) { out.add_float(2, value); });
}

std::string attribute(std::string_view name, const char* value) {
  return attribute_of(name, 3, [&](Writer& out) { out.add_string(4, value); });
}

std::string attribute(std::string_view name, const Ints& values) {
  return attribute_of(name, 7, [&](Writer& out) { add_dims(out, 8, values); });
}

std::string attribute(std::string_view name, const Floats& values) {
  return attribute_of(name, 6, [&](Writer& out) { out.add_packed_float(7, values.begin(), values.end()); });
}

std::string attribute(std::string_view name, const Names& values) {
  return attribute_of(name, 8, [&](Writer& out) {
    for (const std::string& value : values) out.add_string(9, value);
  });
}

std::string tensor_attribute(std::string_view name, const std::string& tensor) {
  return attribute_of(name, 4, [&](Writer& out) { out.add_message(5, tensor); });
}

std::string sparse_attribute(std::string_view name, const std::string& sparse) {
  return attribute_of(name, 11, [&](Writer& out) { out.add_message(22, sparse); });
}

std::string graph_attribute(std::string_view name, const std::string& graph) {
  return attribute_of(name, 5, [&](Writer& out) { out.add_message(6, graph); });
}

std::string reference_attribute(std::string_view name, std::string_view of, std::int32_t kind) {
  return attribute_of(name, kind, [&](Writer& out) { out.add_string(21, of.data(), of.size()); });
}

std::string serialize(const NodeText& node) {
  return message([&](Writer& out) {
    for (const std::string& name : node.inputs) out.add_string(1, name);
    for (const std::string& name : node.outputs) out.add_string(2, name);
    if (!node.name.empty()) out.add_string(3, node.name);
    out.add_string(4, node.op_type);
    for (const std::string& attribute : node.attributes) out.add_message(5, attribute);
    if (!node.domain.empty()) out.add_string(7, node.domain);
  });
}

std::string serialize(const GraphText& graph) {
  return message([&](Writer& out) {
    for (const NodeText& node : graph.nodes) out.add_message(1, serialize(node));
    out.add_string(2, graph.name);
    for (const std::string& tensor : graph.initializers) out.add_message(5, tensor);
    for (const std::string& input : graph.inputs) out.add_message(11, input);
    for (const std::string& output : graph.outputs) out.add_message(12, output);
    for (const std::string& tensor : graph.sparse_initializers) out.add_message(15, tensor);
  });
}

std::string serialize(const FunctionText& function) {
  return message([&](Writer& out) {
    out.add_string(1, function.name);
    for (const std::string& name : function.inputs) out.add_string(4, name);
    for (const std::string& name : function.outputs) out.add_string(5, name);
    for (const std::string& name : function.attributes) out.add_string(6, name);
    for (const NodeText& node : function.nodes) out.add_message(7, serialize(node));
    add_opset(out, 9, "", function.opset);
    out.add_string(10, function.domain);
    for (const std::string& attribute : function.default_attributes) out.add_message(11, attribute);
  });
}

std::string serialize(const ModelText& model) {
  return message([&](Writer& out) {
    out.add_int64(1, model.ir_version);
    out.add_message(7, serialize(model.graph));
    add_opset(out, 8, "", model.opset);
    for (const auto& [domain, version] : model.domains) add_opset(out, 8, domain, version);
    for (const FunctionText& function : model.functions) out.add_message(25, serialize(function));
  });
}

}  // namespace tenon::test
