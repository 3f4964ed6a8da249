// Attention, FlexAttention.
#include "importers/onnx/attention.hpp"

#include "importers/onnx/types.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/softmax.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::onnx {
namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

enum Input : std::size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kLengths };

// What output 3 shows.
enum class Trace : std::uint8_t { products, capped, masked, weights };

class StandardAttention {
 public:
  explicit StandardAttention(NodeContext& node) : node_(node) {
    node.require_inputs(3, node.opset() < 24 ? 6 : 7);
    if (node.has(kPastKey) != node.has(kPastValue)) node.fail("past_key without past_value, or the reverse");
    if (node.has(kPastKey) && node.has(kLengths)) node.fail("nonpad_kv_seqlen beside past_key");
    read_attributes();
    parts_.q = node.input(kQ);
    parts_.k = node.input(kK);
    parts_.v = cast(node, node.input(kV), node.dtype(kQ));
    beside_ = node.rank(kQ) == 3;
    const bool whole = !node.has(kPastKey) && !needs_parts() && !needs_positions();
    if (beside_ && !whole) {
      parts_.q = heads_apart(node, parts_.q, heads_);
      parts_.k = heads_apart(node, parts_.k, kv_heads_);
      parts_.v = heads_apart(node, parts_.v, kv_heads_);
    } else if (beside_) {
      parts_.heads = heads_;
      parts_.kv_heads = kv_heads_;
    }
    const std::size_t rank = parts_.heads == 0 ? 4 : 3;
    for (const ValueId id : {parts_.q, parts_.k, parts_.v}) require_dims(node, id, rank, "an operand");
    depth_ = require_extent(node, parts_.q, rank - 1, "queries") / std::max<std::int64_t>(parts_.heads, 1);
    parts_.scale = attention_scale(node, depth_);
  }

  Values convert() {
    const Dim kv_rows = rows(parts_.k);
    if (node_.has(kPastKey)) {
      parts_.k = node_.add(op::Concat{2}, {node_.input(kPastKey), parts_.k});
      parts_.v = node_.add(op::Concat{2}, {node_.input(kPastValue), parts_.v});
    }
    read_mask();
    limit_sight(kv_rows);
    Values outputs(4);
    outputs[0] = needs_parts() ? chain(outputs[3]) : attention(node_, parts_);
    if (beside_ && parts_.heads == 0) outputs[0] = heads_beside(node_, outputs[0]);
    outputs[1] = apart(parts_.k);
    outputs[2] = cast(node_, apart(parts_.v), node_.dtype(kV));
    return outputs;
  }

 private:
  void read_attributes() {
    heads_ = node_.attr_int("q_num_heads", 0);
    kv_heads_ = node_.attr_int("kv_num_heads", 0);
    causal_ = node_.attr_bool("is_causal", false);
    cap_ = node_.attr_float("softcap", 0);
    if (const auto precision = node_.find_dtype("softmax_precision")) precision_ = *precision;
    const std::int64_t trace = node_.attr_int("qk_matmul_output_mode", 0);
    if (trace < 0 || trace > 3) node_.fail(fmt::format("qk_matmul_output_mode = {}", trace));
    trace_ = static_cast<Trace>(trace);
    if (node_.opset() >= 25) {
      left_ = node_.attr_int("left_window_size", -1);
      right_ = node_.attr_int("right_window_size", -1);
    }
    if (node_.rank(kQ) == 3 && (heads_ <= 0 || kv_heads_ <= 0 || heads_ % kv_heads_ != 0))
      node_.fail(fmt::format("{} heads of queries for {} of keys", heads_, kv_heads_));
  }

  bool needs_parts() const {
    return cap_ != 0 || node_.wants(3) || (precision_ && *precision_ != node_.dtype(kQ));
  }
  bool needs_positions() const {
    return left_ >= 0 || right_ >= 0 || node_.has(kLengths) || node_.wants(1) || node_.wants(2);
  }

  Dim rows(ValueId value) const { return (*node_.type_of(value).as_tensor().dims)[row_axis()]; }
  std::size_t row_axis() const noexcept { return parts_.heads == 0 ? 2 : 1; }
  ValueId apart(ValueId value) { return parts_.heads == 0 ? value : heads_apart(node_, value, kv_heads_); }

  void read_mask() {
    if (!node_.has(kMask)) return;
    ValueId mask = node_.input(kMask);
    const DataType dtype = node_.dtype(kQ);
    mask = node_.dtype(kMask) == DataType::boolean ? mask_of(node_, mask, dtype, kHidden)
                                                   : cast(node_, mask, dtype);
    parts_.mask = lengthen_mask(node_, mask, parts_.k, row_axis(), kHidden);
  }

  // Causality, windows and the numbers of keys that count.
  void limit_sight(const Dim& kv_rows) {
    const DataType dtype = node_.dtype(kQ);
    Sight sight;
    if (left_ >= 0) sight.left = left_;
    if (right_ >= 0) sight.right = right_;
    if (causal_) {
      const bool past = node_.has(kPastKey);
      const bool aligned = past ? provably_equal(kv_rows, rows(parts_.q)) : !node_.has(kLengths);
      if (aligned && !needs_parts()) {
        parts_.causal = past ? op::Causal::bottom_right : op::Causal::top_left;
      } else {
        sight.right = std::min(sight.right.value_or(0), std::int64_t{0});
      }
    }
    if (sight.left || sight.right) {
      sight.offset = offset();
      parts_.mask =
          add_masks(node_, parts_.mask, mask_of_sight(node_, sight, parts_.q, parts_.k, dtype, kHidden));
    }
    if (node_.has(kLengths)) {
      parts_.mask = add_masks(node_, parts_.mask,
                              mask_of_lengths(node_, node_.input(kLengths), parts_.k, dtype, kHidden));
    }
  }

  // Of the queries' positions among the keys.
  ValueId offset() {
    if (node_.has(kPastKey)) return cast(node_, extent(node_, node_.input(kPastKey), 2), DataType::f32);
    if (!node_.has(kLengths)) return {};
    const ValueId first =
        node_.add(op::binary(PointwiseFn::sub),
                  {cast(node_, node_.input(kLengths), DataType::i64), extent(node_, parts_.q, 2)});
    return reshape(node_, cast(node_, first, DataType::f32), {-1, 1, 1, 1});
  }

  ValueId chain(ValueId& shown) {
    const DataType dtype = node_.dtype(kQ);
    const ValueId products = grouped_product(node_, parts_.q, parts_.k, true, parts_.scale);
    const ValueId capped = soft_cap(node_, products, cap_);
    const ValueId masked = add_masks(node_, capped, parts_.mask);
    ValueId weights = node_.add(op::Softmax{-1}, {cast(node_, masked, precision_.value_or(dtype))});
    weights = cast(node_, clear_blind(node_, weights, parts_.mask), dtype);
    switch (trace_) {
      case Trace::products: shown = products; break;
      case Trace::capped: shown = capped; break;
      case Trace::masked: shown = masked; break;
      case Trace::weights: shown = weights; break;
    }
    return grouped_product(node_, weights, parts_.v, false);
  }

  NodeContext& node_;
  AttentionParts parts_;
  bool beside_ = false;
  bool causal_ = false;
  std::int64_t heads_ = 0, kv_heads_ = 0, depth_ = 0;
  std::int64_t left_ = -1, right_ = -1;
  float cap_ = 0;
  std::optional<DataType> precision_;
  Trace trace_ = Trace::products;
};

Values standard_attention(NodeContext& node) { return StandardAttention(node).convert(); }

// The graph of an attribute, which maps scores (or weights) to such of the same shape.
ValueId modified(NodeContext& node, std::string_view attribute, ValueId value) {
  if (!node.has_attr(attribute)) return value;
  const Values results = node.inline_graph(node.attr_graph(attribute), {value});
  if (results.size() != 1) node.fail(fmt::format("{} has {} outputs, expected 1", attribute, results.size()));
  return results.front();
}

Values flex_attention(NodeContext& node) {
  node.require_inputs(3, 3);
  const DataType dtype = node.dtype(kQ);
  for (const std::size_t i : {kQ, kK, kV}) require_dims(node, node.input(i), 4, "an operand");
  const double scale = attention_scale(node, require_extent(node, node.input(kQ), 3, "queries"));
  const DataType otherwise = dtype == DataType::f64 ? DataType::f64 : DataType::f32;
  const DataType precision = node.find_dtype("softmax_precision").value_or(otherwise);
  const bool plain = !node.has_attr("score_mod") && !node.has_attr("prob_mod");
  if (plain && precision == dtype) {
    return one(
        attention(node, {.q = node.input(kQ), .k = node.input(kK), .v = node.input(kV), .scale = scale}));
  }
  ValueId x = cast(node, grouped_product(node, node.input(kQ), node.input(kK), true, scale), precision);
  x = node.add(op::Softmax{-1}, {modified(node, "score_mod", x)});
  x = cast(node, modified(node, "prob_mod", x), dtype);
  return one(grouped_product(node, x, node.input(kV), false));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_attention(onnx::Registry& registry) {
  registry.add("Attention", onnx::standard_attention, {23});
  registry.add("FlexAttention", onnx::flex_attention, {1}, "ai.onnx.preview");
}

}  // namespace tenon
