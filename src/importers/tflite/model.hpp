// What a TensorFlow Lite file says, as plain structs. Strings and bytes are views into the file.
#pragma once

#include "importers/flat.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace tenon::tflite {

// real = scale · (stored - zero_point), per tensor or along `axis`; no scale: not quantized.
struct QuantDef {
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;
  std::int64_t axis = 0;
  bool operator==(const QuantDef&) const = default;
};

struct TensorDef {
  std::string_view name;
  Shape shape;
  Shape signature;  // the shape with -1 for open dims; empty when there are none
  std::int8_t type = 0;
  std::string_view data;  // of a constant, else empty
  bool variable = false;
  QuantDef quantization;
};

struct OperatorDef {
  std::int32_t code = 0;
  std::string_view custom;           // name, when the code says custom
  std::vector<std::int32_t> inputs;  // indices of tensors; -1: absent
  std::vector<std::int32_t> outputs;
  FlatTable options;
};

struct ModelDef {
  std::string_view name;  // of the first subgraph, which is the network
  std::vector<TensorDef> tensors;
  std::vector<OperatorDef> operators;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
};

}  // namespace tenon::tflite
