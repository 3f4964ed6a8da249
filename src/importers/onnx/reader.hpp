// Reads the protobuf bytes of an ONNX model without copying them.
#pragma once

#include "importers/onnx/model.hpp"

#include <string_view>

namespace tenon::onnx {

// Graphs and types nested deeper than this are refused.
inline constexpr int kMaxDepth = 100;

// ModelError when the bytes are not a well-formed ONNX model. Time and memory are linear in the number of
// bytes; tensor data is not looked at.
ModelDef read_model(std::string_view bytes);

// A serialized TensorProto, SequenceProto element and so on stand alone in the data files of the official
// tests.
TensorDef read_tensor(std::string_view bytes);

}  // namespace tenon::onnx
