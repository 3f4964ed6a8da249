// RotaryEmbedding, LinearAttention, CausalConvWithState, SwiGLU.
#include "importers/onnx/attention.hpp"
#include "importers/onnx/rotary.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/conv.hpp"
#include "ops/gather.hpp"
#include "ops/linear_attention.hpp"
#include "ops/pad.hpp"
#include "ops/slice.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::onnx {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

Values rotary_embedding(NodeContext& node) {
  node.require_inputs(3, 4);
  const Rotary rotary{node.attr_int("rotary_embedding_dim", 0), node.attr_bool("interleaved", false)};
  const std::int64_t heads = node.attr_int("num_heads", 0);
  const bool beside = node.rank(0) == 3;
  ValueId x = node.input(0);
  if (beside) {
    const std::int64_t columns = require_extent(node, x, 2, "the rotated operand");
    if (heads <= 0 || columns % heads != 0) node.fail(fmt::format("{} columns for {} heads", columns, heads));
    x = reshape(node, x, {0, 0, heads, columns / heads});
  }
  ValueId cos = node.input(1), sin = node.input(2);
  if (node.has(3)) {
    cos = node.add(op::Gather{0}, {cos, node.input(3)});
    sin = node.add(op::Gather{0}, {sin, node.input(3)});
  }
  const ValueId y = rotate(node, rotary, x, beside, cos, sin);
  return one(beside ? reshape(node, y, {0, 0, require_extent(node, node.input(0), 2, "the operand")}) : y);
}

Values linear_attention(NodeContext& node) {
  node.require_inputs(3, 6);
  node.ignore_attrs({"chunk_size"});  // how to compute, not what
  op::LinearAttention op;
  op.heads = node.attr_int("q_num_heads");
  op.kv_heads = node.attr_int("kv_num_heads");
  const std::size_t rule = node.attr_choice("update_rule", {"linear", "gated", "delta", "gated_delta"}, 3);
  const bool gated = rule == 1 || rule == 3, delta = rule >= 2;
  if (gated != node.has(4)) node.fail(gated ? "the update rule wants decay" : "the update rule has no decay");
  if (delta != node.has(5)) node.fail(delta ? "the update rule wants beta" : "the update rule has no beta");
  if (op.heads <= 0) node.fail(fmt::format("{} heads", op.heads));
  const std::int64_t columns = require_extent(node, node.input(0), 2, "queries");
  op.scale = static_cast<float>(attention_scale(node, columns / op.heads));
  return node.add_node(op, node.inputs(), 2);
}

Values causal_conv_with_state(NodeContext& node) {
  node.require_inputs(2, 4);
  const bool silu = node.attr_choice("activation", {"none", "silu", "swish"}, 0) != 0;
  require_dims(node, node.input(0), 3, "the input");
  const std::int64_t taps = require_extent(node, node.input(1), 2, "the weights");
  if (taps < 1) node.fail("weights without taps");
  ValueId x = node.input(0);
  if (node.has(3)) {
    x = node.add(op::Concat{2}, {node.input(3), x});
  } else {
    op::Pad pad;
    pad.axes = Ints{2};
    pad.pads = Ints{taps - 1, 0};
    x = node.add(pad, {x});
  }
  op::Conv conv;
  conv.group = require_extent(node, node.input(1), 0, "the weights");
  Values operands = {x, node.input(1)};
  if (node.has(2)) operands.push_back(node.input(2));
  ValueId y = node.add(conv, std::move(operands));
  if (silu) y = node.add(op::unary(PointwiseFn::silu), {y});
  op::Slice last;
  last.starts = Ints{taps == 1 ? kToTheEnd : 1 - taps};
  last.ends = Ints{kToTheEnd};
  last.axes = Ints{2};
  return {y, node.add(last, {x})};
}

Values swiglu(NodeContext& node) {
  node.require_inputs(2, 2);
  const ValueId gate =
      node.add(op::unary(PointwiseFn::silu, node.attr_float("alpha", 1), 0), {node.input(0)});
  return one(node.add(op::binary(PointwiseFn::mul), {gate, node.input(1)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_transformer(onnx::Registry& registry) {
  registry.add("CausalConvWithState", onnx::causal_conv_with_state, {27});
  registry.add("LinearAttention", onnx::linear_attention, {27});
  registry.add("RotaryEmbedding", onnx::rotary_embedding, {23});
  registry.add("SwiGLU", onnx::swiglu, {28});
}

}  // namespace tenon
