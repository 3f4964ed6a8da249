#include "exporters/onnx/messages.hpp"

#include "base/check.hpp"

#include <protozero/pbf_writer.hpp>

#include <array>

namespace tenon::onnx_export {
namespace {

using Writer = protozero::pbf_writer;

// By DataType.
constexpr std::array<std::int32_t, kDataTypeCount> kElementTypes = {
    1,   // f32
    11,  // f64
    10,  // f16
    16,  // bf16
    17,  // f8e4m3fn
    18,  // f8e4m3fnuz
    19,  // f8e5m2
    20,  // f8e5m2fnuz
    24,  // f8e8m0
    23,  // f4e2m1
    26,  // i2
    22,  // i4
    3,   // i8
    5,   // i16
    6,   // i32
    7,   // i64
    25,  // u2
    21,  // u4
    2,   // u8
    4,   // u16
    12,  // u32
    13,  // u64
    9,   // boolean
    8,   // string
    14,  // c64
    15,  // c128
};

// AttributeProto.AttributeType.
enum Kind : std::int32_t {
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kType = 13
};

template <class F>
std::string message(F&& fill) {
  std::string bytes;
  Writer out(bytes);
  fill(out);
  return bytes;
}

void add_text(Writer& out, std::uint32_t field, std::string_view text) {
  out.add_string(field, text.data(), text.size());
}

void add_entry(Writer& out, std::uint32_t field, std::string_view key, std::string_view value) {
  out.add_message(field, message([&](Writer& entry) {
                    add_text(entry, 1, key);
                    add_text(entry, 2, value);
                  }));
}

std::string dim_message(const Dim& dim) {
  return message([&](Writer& out) {
    if (dim.is_const()) {
      out.add_int64(1, dim.value());
    } else if (const std::string* symbol = dim.symbol_name()) {
      add_text(out, 2, *symbol);
    }
  });
}

void add_head(Writer& out, std::string_view name, const Tensor& tensor) {
  if (tensor.rank() > 0) out.add_packed_int64(1, tensor.shape().begin(), tensor.shape().end());
  out.add_int32(2, element_type(tensor.dtype()));
  if (!name.empty()) add_text(out, 8, name);
}

struct AttributeFiller {
  Writer& out;
  Kind operator()(bool value) const { return (*this)(std::int64_t{value}); }
  Kind operator()(DataType value) const { return (*this)(std::int64_t{element_type(value)}); }
  Kind operator()(std::int64_t value) const {
    out.add_int64(3, value);
    return kInt;
  }
  Kind operator()(float value) const {
    out.add_float(2, value);
    return kFloat;
  }
  Kind operator()(const std::string& value) const {
    add_text(out, 4, value);
    return kString;
  }
  Kind operator()(const std::vector<std::int64_t>& values) const {
    for (const std::int64_t value : values) out.add_int64(8, value);
    return kInts;
  }
  Kind operator()(const std::vector<float>& values) const {
    for (const float value : values) out.add_float(7, value);
    return kFloats;
  }
  Kind operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) add_text(out, 9, value);
    return kStrings;
  }
  Kind operator()(const Type& value) const {
    out.add_message(14, type_message(value));
    return kType;
  }
  Kind operator()(const Tensor& value) const {
    out.add_message(5, tensor_message({}, value));
    return kTensor;
  }
  [[noreturn]] Kind operator()(const PointwiseProgram& program) const {
    TENON_UNREACHABLE("a program as an ONNX attribute: {}", program.to_string());
  }
};

void add_all(Writer& out, std::uint32_t field, std::vector<std::string>& messages) {
  for (std::string& each : messages) {
    out.add_message(field, each);
    each = {};
  }
}

}  // namespace

std::int32_t element_type(DataType dtype) noexcept { return kElementTypes[static_cast<std::size_t>(dtype)]; }

std::string type_message(const Type& type) {
  return message([&](Writer& out) {
    switch (type.kind()) {
      case Type::Kind::tensor: {
        const TensorType& tensor = type.as_tensor();
        out.add_message(1, message([&](Writer& inner) {
                          inner.add_int32(1, element_type(tensor.dtype));
                          if (!tensor.dims) return;
                          inner.add_message(2, message([&](Writer& shape) {
                                              for (const Dim& dim : *tensor.dims)
                                                shape.add_message(1, dim_message(dim));
                                            }));
                        }));
        return;
      }
      case Type::Kind::sequence:
      case Type::Kind::optional: {
        const std::uint32_t field = type.kind() == Type::Kind::sequence ? 4 : 9;
        out.add_message(field,
                        message([&](Writer& inner) { inner.add_message(1, type_message(type.element())); }));
        return;
      }
      case Type::Kind::map:
        out.add_message(5, message([&](Writer& inner) {
                          inner.add_int32(1, element_type(type.key()));
                          inner.add_message(2, type_message(type.element()));
                        }));
        return;
    }
  });
}

std::string value_message(std::string_view name, const Type& type) {
  return message([&](Writer& out) {
    add_text(out, 1, name);
    out.add_message(2, type_message(type));
  });
}

std::string attribute_message(std::string_view name, const AttributeValue& value) {
  return message([&](Writer& out) {
    add_text(out, 1, name);
    out.add_int32(20, std::visit(AttributeFiller{out}, value));
  });
}

std::string graph_attribute_message(std::string_view name, const std::string& graph) {
  return message([&](Writer& out) {
    add_text(out, 1, name);
    out.add_message(6, graph);
    out.add_int32(20, kGraph);
  });
}

std::string tensor_message(std::string_view name, const Tensor& tensor) {
  return message([&](Writer& out) {
    add_head(out, name, tensor);
    if (tensor.dtype() == DataType::string) {
      for (const std::string& text : tensor.values<std::string>()) add_text(out, 6, text);
    } else {
      out.add_bytes(9, reinterpret_cast<const char*>(tensor.data()), tensor.size_bytes());
    }
  });
}

std::string external_tensor_message(std::string_view name, const Tensor& tensor, std::string_view file,
                                    std::uint64_t offset) {
  return message([&](Writer& out) {
    add_head(out, name, tensor);
    add_entry(out, 13, "location", file);
    add_entry(out, 13, "offset", std::to_string(offset));
    add_entry(out, 13, "length", std::to_string(tensor.size_bytes()));
    out.add_int32(14, 1);
  });
}

std::string node_message(const NodeMessage& node) {
  return message([&](Writer& out) {
    for (const std::string& input : node.inputs) add_text(out, 1, input);
    for (const std::string& output : node.outputs) add_text(out, 2, output);
    if (!node.name.empty()) add_text(out, 3, node.name);
    add_text(out, 4, node.op_type);
    for (const std::string& attribute : node.attributes) out.add_message(5, attribute);
    if (!node.domain.empty()) add_text(out, 7, node.domain);
  });
}

std::string graph_message(GraphMessage graph) {
  return message([&](Writer& out) {
    add_all(out, 1, graph.nodes);
    add_text(out, 2, graph.name);
    add_all(out, 5, graph.initializers);
    add_all(out, 11, graph.inputs);
    add_all(out, 12, graph.outputs);
  });
}

std::string model_message(const ModelMessage& model) {
  return message([&](Writer& out) {
    out.add_int64(1, model.ir_version);
    add_text(out, 2, "tenon");
    out.add_message(7, model.graph);
    for (const auto& opset : model.opsets) {
      out.add_message(8, message([&](Writer& inner) {
                        if (!opset.first.empty()) add_text(inner, 1, opset.first);
                        inner.add_int64(2, opset.second);
                      }));
    }
    for (const auto& [key, value] : model.metadata) add_entry(out, 14, key, value);
  });
}

}  // namespace tenon::onnx_export
