// com.microsoft: Attention, QAttention, MultiHeadAttention.
#include "importers/onnx/attention.hpp"
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/concat.hpp"
#include "ops/matmul.hpp"
#include "ops/matmul_integer.hpp"
#include "ops/slice.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

namespace tenon::onnx {
namespace {

constexpr float kMaskFilter = -10000;

// What hides padded keys: positions where they end (and begin), or a mask of 0 and 1.
class KeyPadding {
 public:
  KeyPadding(NodeContext& node, ValueId q, ValueId k)
      : node_(node),
        q_(q),
        k_(k),
        dtype_(node.type_of(q).as_tensor().dtype),
        hidden_(static_cast<double>(node.attr_float("mask_filter_value", kMaskFilter))) {}

  // Added to scores [B, H, S, T], q and k having their heads apart; invalid without a mask.
  ValueId mask(ValueId given) {
    if (!given.valid()) return {};
    const auto& dims = node_.type_of(given).as_tensor().dims;
    if (!dims) node_.fail("the rank of the mask must be known");
    switch (dims->size()) {
      case 1: return by_position(given, dims->front());
      case 2: return by_value(node_.add(op::Unsqueeze{Ints{1, 2}}, {given}));
      case 3: return by_value(node_.add(op::Unsqueeze{Ints{1}}, {given}));
      default: node_.fail(fmt::format("a mask of rank {} is not supported", dims->size()));
    }
  }

 private:
  ValueId by_value(ValueId given) {
    const ValueId zero = add_scalar(node_, node_.type_of(given).as_tensor().dtype, 0);
    return mask_of(node_, combine(node_, PointwiseFn::greater, given, zero), dtype_, hidden_);
  }

  ValueId by_position(ValueId given, const Dim& count) {
    const Dim& batch = (*node_.type_of(q_).as_tensor().dims)[0];
    if (provably_equal(count, batch)) return mask_of_lengths(node_, given, k_, dtype_, hidden_);
    if (provably_equal(count, batch * Dim(2))) {
      const Values parts = node_.add_node(op::Split{0, std::nullopt, 2}, {given}, 2);
      const ValueId begin = reshape(node_, cast(node_, parts[1], DataType::f32), {-1, 1, 1, 1});
      const ValueId seen = combine(node_, PointwiseFn::greater_equal, indices(node_, k_, 2), begin);
      return combine(node_, PointwiseFn::min, mask_of_lengths(node_, parts[0], k_, dtype_, hidden_),
                     mask_of(node_, seen, dtype_, hidden_));
    }
    if (provably_equal(count, batch * Dim(3) + Dim(2))) {  // the lengths, then sums of lengths
      op::Slice first;
      first.starts = Ints{0};
      first.axes = Ints{0};
      const ValueId lengths = node_.add(first, {given, {}, extent(node_, q_, 0)});
      return mask_of_lengths(node_, lengths, k_, dtype_, hidden_);
    }
    node_.fail("a mask of one axis must have one or two numbers for each element of the batch");
  }

  NodeContext& node_;
  ValueId q_, k_;
  DataType dtype_;
  double hidden_;
};

// Past keys and values in one tensor [2, B, H, P, D].
std::pair<ValueId, ValueId> split_past(NodeContext& node, ValueId past) {
  require_dims(node, past, 5, "the past");
  const Values parts = node.add_node(op::Split{0, std::nullopt, 2}, {past}, 2);
  return {node.add(op::Squeeze{Ints{0}}, {parts[0]}), node.add(op::Squeeze{Ints{0}}, {parts[1]})};
}

ValueId join_present(NodeContext& node, ValueId k, ValueId v) {
  return node.add(op::Concat{0},
                  {node.add(op::Unsqueeze{Ints{0}}, {k}), node.add(op::Unsqueeze{Ints{0}}, {v})});
}

// Attention on `projected`, queries, keys and values side by side in columns of these sizes.
Values self_attention(NodeContext& node, ValueId projected, const Ints& sizes, ValueId mask, ValueId past,
                      ValueId bias) {
  if (node.attr_bool("do_rotary", false)) node.fail("rotary embedding inside is not supported");
  if (node.attr_bool("past_present_share_buffer", false)) node.fail("a shared past is not supported");
  node.ignore_attrs({"rotary_embedding_dim", "mask_filter_value"});
  AttentionParts parts;
  const std::int64_t heads = node.attr_int("num_heads");
  if (heads <= 0 || sizes[0] % heads != 0 || sizes[0] != sizes[1] || sizes[2] % heads != 0)
    node.fail(fmt::format("{}, {} and {} columns for {} heads", sizes[0], sizes[1], sizes[2], heads));
  parts.scale = attention_scale(node, sizes[0] / heads);
  const bool causal = node.attr_bool("unidirectional", false);
  if (causal) parts.causal = op::Causal::bottom_right;

  const bool plain = sizes[0] == sizes[2] && !past.valid() && !mask.valid() && !node.wants(1);
  if (plain) {
    parts.q = projected;
    parts.heads = parts.kv_heads = heads;
    parts.mask = bias;
    return one(attention(node, parts));
  }
  const Values split = node.add_node(op::Split{2, sizes, std::nullopt}, {projected}, 3);
  parts.q = heads_apart(node, split[0], heads);
  parts.k = heads_apart(node, split[1], heads);
  parts.v = heads_apart(node, split[2], heads);
  if (past.valid()) {
    const auto [past_k, past_v] = split_past(node, past);
    parts.k = node.add(op::Concat{2}, {past_k, parts.k});
    parts.v = node.add(op::Concat{2}, {past_v, parts.v});
  }
  parts.mask = add_masks(node, KeyPadding(node, parts.q, parts.k).mask(mask), bias);
  Values results = {heads_beside(node, attention(node, parts))};
  if (node.wants(1)) results.push_back(join_present(node, parts.k, parts.v));
  return results;
}

Ints thirds(NodeContext& node, ValueId projected) {
  const std::int64_t columns = require_extent(node, projected, 2, "the projection");
  return {columns / 3, columns / 3, columns - columns / 3 * 2};
}

Values attention_ms(NodeContext& node) {
  node.require_inputs(2, 6);
  Values operands = {node.input(0), node.input(1)};
  if (node.has(2)) operands.push_back(node.input(2));
  const ValueId projected = node.add(op::MatMul{}, std::move(operands));
  const Ints sizes = node.find_ints("qkv_hidden_sizes").value_or(thirds(node, projected));
  if (sizes.size() != 3) node.fail("attribute 'qkv_hidden_sizes' has not three numbers");
  return self_attention(node, projected, sizes, node.optional_input(3), node.optional_input(4),
                        node.optional_input(5));
}

Values qattention(NodeContext& node) {
  node.require_inputs(5, 9);
  Values operands = {node.input(0), node.input(1), {}, {}};
  if (node.has(6)) operands[2] = as_scalar(node, node.input(6));
  if (node.has(7)) operands[3] = as_scalar(node, node.input(7));
  while (!operands.back().valid()) operands.pop_back();
  const ValueId scale =
      combine(node, PointwiseFn::mul, as_scalar(node, node.input(3)), as_scalar(node, node.input(4)));
  ValueId projected = cast(node, node.add(op::MatMulInteger{}, std::move(operands)), node.dtype(2));
  projected =
      combine(node, PointwiseFn::add, combine(node, PointwiseFn::mul, projected, scale), node.input(2));
  return self_attention(node, projected, thirds(node, projected), node.optional_input(5),
                        node.optional_input(8), {});
}

class MultiHead {
 public:
  explicit MultiHead(NodeContext& node) : node_(node), heads_(node.attr_int("num_heads")) {
    node.require_inputs(1, 8);
    if (heads_ <= 0) node.fail(fmt::format("{} heads", heads_));
    if (node.has(6) != node.has(7)) node.fail("past_key without past_value, or the reverse");
    read_operands();
    parts_.scale = attention_scale(node, require_extent(node, parts_.q, 3, "queries"));
    if (node.attr_bool("unidirectional", false)) parts_.causal = op::Causal::bottom_right;
  }

  Values convert() {
    if (node_.has(6)) {
      parts_.k = node_.add(op::Concat{2}, {node_.input(6), parts_.k});
      parts_.v = node_.add(op::Concat{2}, {node_.input(7), parts_.v});
    }
    node_.ignore_attrs({"mask_filter_value"});
    parts_.mask = add_masks(node_, KeyPadding(node_, parts_.q, parts_.k).mask(node_.optional_input(4)),
                            node_.optional_input(5));
    return {heads_beside(node_, attention(node_, parts_)), parts_.k, parts_.v};
  }

 private:
  enum : std::size_t { kQuery, kKey, kValue, kBias };

  // Each as [B, H, rows, columns].
  void read_operands() {
    if (node_.rank(kQuery) == 5) return read_packed(kQuery, {&parts_.q, &parts_.k, &parts_.v});
    parts_.q = beside(kQuery, 0);
    if (!node_.has(kKey)) node_.fail("the keys are missing");
    if (node_.rank(kKey) == 5) return read_packed(kKey, {&parts_.k, &parts_.v});
    if (!node_.has(kValue)) node_.fail("the values are missing");
    const bool apart = node_.rank(kKey) == 4;  // as another node's cache has them
    parts_.k = apart ? node_.input(kKey) : beside(kKey, 1);
    parts_.v = apart ? node_.input(kValue) : beside(kValue, 2);
  }

  // [B, S, H, parts, D]
  void read_packed(std::size_t operand, const std::vector<ValueId*>& parts) {
    if (node_.has(kBias)) node_.fail("a bias beside packed operands is not supported");
    const Values split = node_.add_node(op::Split{3, std::nullopt, static_cast<std::int64_t>(parts.size())},
                                        {node_.input(operand)}, parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
      *parts[i] = permute(node_, node_.add(op::Squeeze{Ints{3}}, {split[i]}), {0, 2, 1, 3});
  }

  // [B, S, H · D] plus its part of the bias.
  ValueId beside(std::size_t operand, std::size_t part) {
    ValueId x = node_.input(operand);
    if (node_.has(kBias)) {
      const std::int64_t q = require_extent(node_, node_.input(kQuery), 2, "the queries");
      const std::int64_t columns = require_extent(node_, x, 2, "an operand");
      op::Slice slice;
      slice.starts = Ints{q * static_cast<std::int64_t>(part)};
      slice.ends = Ints{q * static_cast<std::int64_t>(part) + columns};
      slice.axes = Ints{0};
      x = combine(node_, PointwiseFn::add, x, node_.add(slice, {node_.input(kBias)}));
    }
    return heads_apart(node_, x, heads_);
  }

  NodeContext& node_;
  std::int64_t heads_;
  AttentionParts parts_;
};

Values multi_head_attention(NodeContext& node) { return MultiHead(node).convert(); }

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_multi_head_attention(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the table reads better without prefixes
  registry.add("Attention", attention_ms, {}, kMicrosoft);
  registry.add("MultiHeadAttention", multi_head_attention, {}, kMicrosoft);
  registry.add("QAttention", qattention, {}, kMicrosoft);
}

}  // namespace tenon
