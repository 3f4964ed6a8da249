// What converters of the com.microsoft domain share.
#pragma once

#include "importers/onnx/converters.hpp"

namespace tenon::onnx {

inline constexpr std::string_view kMicrosoft = "com.microsoft";

ValueId combine(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b);
ValueId apply_fn(NodeContext& node, PointwiseFn fn, ValueId x, float alpha = 0, float beta = 0);
ValueId permute(NodeContext& node, ValueId x, Ints perm);
// [N, C, …] ↔ [N, …, C]
ValueId channels_first(NodeContext& node, ValueId x);
ValueId channels_last(NodeContext& node, ValueId x);

// Operand `x` as a float: (x - zero) · scale, with the scale and the optional zero point of one element at
// the positions after it.
ValueId dequantized(NodeContext& node, std::size_t x);
// `value` in quanta of operand `scale`, whose optional zero point follows it; of dtype `to`.
ValueId quantized(NodeContext& node, ValueId value, std::size_t scale, DataType to);
// The operand as a scalar, where it has one element.
ValueId as_scalar(NodeContext& node, ValueId value);

// activation(value), as the attributes say: "Relu", "LeakyRelu", "Clip", …; none without the attribute.
ValueId activated(NodeContext& node, ValueId value, const std::vector<float>& parameters);

}  // namespace tenon::onnx
