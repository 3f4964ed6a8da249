// attention: products, masks and a softmax, which every opset has; operators that fuse them differ in what
// they take from runtime to runtime. linear_attention: an operator of opset 27.
#include "ops/attention.hpp"

#include "exporters/onnx/node_writer.hpp"
#include "ops/linear_attention.hpp"

#include <limits>

namespace tenon::onnx_export {
namespace {

constexpr std::size_t kQ = 0, kK = 1, kV = 2, kMask = 3;

// Columns of a head; -1 where they are not known, which a shape without elements must not say.
std::int64_t depth_of(const NodeWriter& node, std::size_t operand, std::int64_t heads) {
  const Dims* dims = node.dims(operand);
  return dims != nullptr && dims->back().is_const() ? dims->back().value() / heads : -1;
}

// [B, S, heads·D] → [B, heads, S, D].
Name split_heads(NodeWriter& node, const Name& x, std::int64_t heads, std::int64_t depth) {
  const Name shaped = node.add("Reshape", {x, node.ints({0, 0, heads, depth})});
  return node.add("Transpose", {shaped}, {{"perm", Ints{0, 2, 1, 3}}});
}

// Every group of keys or values as often as query heads share it.
Name repeat_heads(NodeWriter& node, const Name& x, std::int64_t groups, std::int64_t heads) {
  if (groups == heads) return x;
  Ints source;
  for (std::int64_t h = 0; h < heads; ++h) source.push_back(h / (heads / groups));
  return node.add("Gather", {x, node.ints(source)}, {{"axis", std::int64_t{1}}});
}

// The extent of an axis as a scalar.
Name extent(NodeWriter& node, const Name& x, std::int64_t axis) {
  const Name shape = node.add("Shape", {x}, {{"start", axis}, {"end", axis + 1}});
  return node.add("Squeeze", {shape, node.ints({0})});
}

// bool [S, T]: which keys a query sees.
Name visible(NodeWriter& node, const Name& q, const Name& k, bool bottom_right) {
  const Name queries = extent(node, q, 2);
  const Name keys = extent(node, k, 2);
  Name first = node.integer(0);
  Name last = queries;
  if (bottom_right) {
    first = node.add("Sub", {keys, queries});
    last = keys;
  }
  const Name one = node.integer(1);
  const Name rows = node.add("Unsqueeze", {node.add("Range", {first, last, one}), node.ints({1})});
  return node.add("LessOrEqual", {node.add("Range", {node.integer(0), keys, one}), rows});
}

std::int64_t constant_dim(const NodeWriter& node, std::size_t operand, std::size_t axis) {
  const Dims* dims = node.dims(operand);
  if (dims == nullptr || !(*dims)[axis].is_const()) node.fail("the numbers of heads must be known");
  return (*dims)[axis].value();
}

void attention(NodeWriter& node) {
  const auto& op = node.op<op::Attention>();
  Name q = node.input(kQ), k = node.input(kK), v = node.input(kV);
  std::int64_t heads = op.heads;
  std::int64_t value_depth = 0;
  std::int64_t groups = op.kv_heads == 0 ? heads : op.kv_heads;
  if (heads == 0) {
    heads = constant_dim(node, kQ, 1);
    groups = constant_dim(node, kK, 1);
  } else {
    std::int64_t depth = depth_of(node, kQ, heads);
    if (!k.empty()) value_depth = depth_of(node, kV, groups);
    if (k.empty()) {
      depth = value_depth = constant_dim(node, kQ, 2) / (heads + 2 * groups);
      const Name sizes = node.ints({heads * depth, groups * depth, groups * depth});
      const NameList parts = node.add_node("Split", {q, sizes}, 3, {{"axis", std::int64_t{2}}});
      q = parts[0];
      k = parts[1];
      v = parts[2];
    }
    q = split_heads(node, q, heads, depth);
    k = split_heads(node, k, groups, depth);
    v = split_heads(node, v, groups, value_depth);
  }
  k = repeat_heads(node, k, groups, heads);
  v = repeat_heads(node, v, groups, heads);

  const DataType dtype = node.dtype(kQ);
  const Name scaled = op.scale == 1 ? q : node.add("Mul", {q, node.scalar(dtype, op.scale)});
  const Name keys = node.add("Transpose", {k}, {{"perm", Ints{0, 1, 3, 2}}});
  Name scores = node.add("MatMul", {scaled, keys});
  if (node.has(kMask)) scores = node.add("Add", {scores, node.input(kMask)});
  if (op.causal != op::Causal::none) {
    const Name hidden = node.scalar(dtype, -std::numeric_limits<double>::infinity());
    scores = node.add("Where", {visible(node, q, k, op.causal == op::Causal::bottom_right), scores, hidden});
  }
  Name weights = node.add("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  if (op.blind_is_zero) {
    const Name nothing = node.scalar(dtype, -std::numeric_limits<double>::infinity());
    const Name blind = node.add("Equal", {node.add("ReduceMax", {scores, node.ints({-1})}), nothing});
    weights = node.add("Where", {blind, node.scalar(dtype, 0), weights});
  }
  if (op.heads == 0) return node.finish("MatMul", {weights, v});
  const Name y = node.add("Transpose", {node.add("MatMul", {weights, v})}, {{"perm", Ints{0, 2, 1, 3}}});
  node.finish("Reshape", {y, node.ints({0, 0, value_depth < 0 ? -1 : heads * value_depth})});
}

void linear_attention(NodeWriter& node) {
  constexpr std::size_t kDecay = 4, kBeta = 5;
  const auto& op = node.op<op::LinearAttention>();
  std::string rule = node.has(kBeta) ? "delta" : "linear";
  if (node.has(kDecay)) rule = node.has(kBeta) ? "gated_delta" : "gated";
  node.need_opset(27);
  node.finish(
      "LinearAttention", node.inputs(),
      {{"q_num_heads", op.heads}, {"kv_num_heads", op.kv_heads}, {"scale", op.scale}, {"update_rule", rule}});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_attention(onnx_export::Registry& registry) {
  registry.add("attention", onnx_export::attention);
  registry.add("linear_attention", onnx_export::linear_attention);
}

}  // namespace tenon
