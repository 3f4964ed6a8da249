// softmax, log_softmax, hardmax along one axis.
//
//   softmax: exp(x - max) / Σ exp(x - max)
//   log_softmax: x - max - log Σ exp(x - max)
//   hardmax: 1 at the first maximum, else 0
//
// Operand: x, float, rank 1 or more. Result: x's type. (ONNX before opset 13 flattens around the axis: the
// importer reshapes.)
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Softmax {
  std::int64_t axis = -1;

  static constexpr std::string_view kName = "softmax";
  static constexpr auto fields() { return std::make_tuple(field("axis", &Softmax::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

struct LogSoftmax {
  std::int64_t axis = -1;

  static constexpr std::string_view kName = "log_softmax";
  static constexpr auto fields() { return std::make_tuple(field("axis", &LogSoftmax::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

struct Hardmax {
  std::int64_t axis = -1;

  static constexpr std::string_view kName = "hardmax";
  static constexpr auto fields() { return std::make_tuple(field("axis", &Hardmax::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
