// Clip: constant bounds become parameters of the pointwise function, computed ones (and those of integers)
// max and min.
#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/identity.hpp"
#include "ops/unary.hpp"

#include <limits>

namespace tenon::onnx {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Values clip_attributes(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"consumed_inputs"});
  op::Unary op = op::unary(PointwiseFn::clip);
  op.alpha = node.attr_float("min", op.alpha);
  op.beta = node.attr_float("max", op.beta);
  return one(node.add(op, {node.input(0)}));
}

Values clip_operands(NodeContext& node) {
  node.require_inputs(1, 3);
  const DataType dtype = node.dtype(0);
  const auto low = node.known_number(1);
  const auto high = node.known_number(2);
  const bool narrow = dtype == DataType::f32 || dtype == DataType::f16 || dtype == DataType::bf16;
  const bool known = (low || !node.has(1)) && (high || !node.has(2));
  if (!node.has(1) && !node.has(2)) return one(node.add(op::Identity{}, {node.input(0)}));
  if (narrow && known) {
    const float alpha = low ? static_cast<float>(*low) : -kInfinity;
    const float beta = high ? static_cast<float>(*high) : kInfinity;
    return one(node.add(op::unary(PointwiseFn::clip, alpha, beta), {node.input(0)}));
  }
  ValueId result = node.input(0);
  if (node.has(1)) result = node.add(op::binary(PointwiseFn::max), {result, node.input(1)});
  if (node.has(2)) result = node.add(op::binary(PointwiseFn::min), {result, node.input(2)});
  return one(result);
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_clip(onnx::Registry& registry) {
  registry.add("Clip", onnx::clip_attributes, {1, 10});
  registry.add("Clip", onnx::clip_operands, {11});
}

}  // namespace tenon
