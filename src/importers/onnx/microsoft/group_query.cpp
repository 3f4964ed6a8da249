// com.microsoft: GroupQueryAttention, RotaryEmbedding.
#include "importers/onnx/attention.hpp"
#include "importers/onnx/microsoft/microsoft.hpp"
#include "importers/onnx/rotary.hpp"
#include "ops/concat.hpp"
#include "ops/expand.hpp"
#include "ops/gather.hpp"
#include "ops/pad.hpp"
#include "ops/rms_norm.hpp"
#include "ops/shape.hpp"
#include "ops/slice.hpp"
#include "ops/softmax.hpp"
#include "ops/split.hpp"
#include "ops/tensor_scatter.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::onnx {
namespace {

constexpr double kUnseen = -std::numeric_limits<double>::infinity();

ValueId rows_at(NodeContext& node, ValueId table, ValueId positions) {
  return node.add(op::Gather{0}, {table, positions});
}

Values rotary_embedding_ms(NodeContext& node) {
  node.require_inputs(4, 4);
  const Rotary rotary{node.attr_int("rotary_embedding_dim", 0), node.attr_bool("interleaved", false)};
  if (node.attr_bool("is_packed_batching", false)) node.fail("packed batches are not supported");
  if (node.attr_float("scale", 1) != 1) node.fail("attribute 'scale' other than 1 is not supported");
  std::int64_t heads = node.attr_int("num_heads", 0);
  const bool beside = node.rank(0) == 3;
  ValueId x = node.input(0);
  if (beside) {
    const std::int64_t columns = require_extent(node, x, 2, "the rotated operand");
    if (heads == 0) heads = columns / (2 * require_extent(node, node.input(2), 1, "the cosines"));
    if (heads <= 0 || columns % heads != 0) node.fail(fmt::format("{} columns for {} heads", columns, heads));
    x = reshape(node, x, {0, 0, heads, columns / heads});
  }
  ValueId positions = cast(node, node.input(1), DataType::i64);
  if (node.rank(1) == 1) {  // the position of the first row
    const std::int64_t rows = beside ? 1 : 2;
    positions = combine(node, PointwiseFn::add, cast(node, indices(node, x, rows), DataType::i64), positions);
    positions = reshape(node, positions, {1, -1});
  }
  const ValueId y = rotate(node, rotary, x, beside, rows_at(node, node.input(2), positions),
                           rows_at(node, node.input(3), positions));
  return one(beside ? reshape(node, y, {0, 0, require_extent(node, node.input(0), 2, "the operand")}) : y);
}

// A cache of keys and values that grows, the element b of the batch holding past[b] rows already. What is
// written past the rows that count (a prompt shorter than others of its batch) is seen by no query that
// counts.
class GroupQuery {
 public:
  explicit GroupQuery(NodeContext& node) : node_(node) {
    node.require_inputs(1, 16);
    heads_ = node.attr_int("num_heads");
    kv_heads_ = node.attr_int("kv_num_heads");
    constexpr std::int64_t kMostHeads = 1 << 20;
    if (heads_ <= 0 || kv_heads_ <= 0 || heads_ > kMostHeads || heads_ % kv_heads_ != 0)
      node.fail(fmt::format("{} heads of queries for {} of keys", heads_, kv_heads_));
    if (node.has(kKeyScale) || node.has(kValueScale) || node.attr_bool("sliding_window_cache", false))
      node.fail("a quantized or sliding cache is not supported");
    node.ignore_attrs({"kv_cache_bit_width", "k_quant_type", "v_quant_type", "qk_output"});
    if (node.has(kPastKey) != node.has(kPastValue)) node.fail("past_key without past_value, or the reverse");
    if (node.has(kKeyNorm) != node.has(kQueryNorm)) node.fail("one of the norms of queries and keys alone");
    read_operands();
  }

  Values convert() {
    const ValueId rows = cast(node_, extent(node_, parts_.q, 1), DataType::i64);
    const ValueId length = combine(node_, PointwiseFn::add,
                                   cast(node_, reshape(node_, node_.input(kLengths), {-1}), DataType::i64),
                                   add_scalar(node_, DataType::i64, 1));
    past_ = combine(node_, PointwiseFn::max, combine(node_, PointwiseFn::sub, length, rows),
                    add_scalar(node_, DataType::i64, 0));
    normalize();
    if (node_.attr_bool("do_rotary", false)) rotate_both();
    for (ValueId* x : {&parts_.q, &parts_.k, &parts_.v}) *x = permute(node_, *x, {0, 2, 1, 3});
    parts_.k = extended(kPastKey, parts_.k);
    parts_.v = extended(kPastValue, parts_.v);
    limit_sight(length);
    return {heads_beside(node_, attend()), parts_.k, parts_.v};
  }

 private:
  enum : std::size_t {
    kQueries,
    kKeys,
    kValues,
    kPastKey,
    kPastValue,
    kLengths,
    kTotal,
    kCos,
    kSin,
    kPositions,
    kBias,
    kSink,
    kKeyScale,
    kValueScale,
    kQueryNorm,
    kKeyNorm
  };

  // Queries, keys and values as [B, S, heads, D].
  void read_operands() {
    ValueId q = node_.input(kQueries), k = node_.optional_input(kKeys), v = node_.optional_input(kValues);
    if (!k.valid()) {
      const std::int64_t columns = require_extent(node_, q, 2, "the queries");
      if (columns % (heads_ + 2 * kv_heads_) != 0)
        node_.fail(fmt::format("{} columns beside each other", columns));
      depth_ = columns / (heads_ + 2 * kv_heads_);
      const Values split = node_.add_node(
          op::Split{2, Ints{heads_ * depth_, kv_heads_ * depth_, kv_heads_ * depth_}, std::nullopt}, {q}, 3);
      q = split[0];
      k = split[1];
      v = split[2];
    } else {
      if (!v.valid()) node_.fail("keys without values");
      depth_ = require_extent(node_, q, 2, "the queries") / heads_;
    }
    parts_.q = reshape(node_, q, {0, 0, heads_, depth_});
    parts_.k = reshape(node_, k, {0, 0, kv_heads_, depth_});
    parts_.v = reshape(node_, v, {0, 0, kv_heads_, depth_});
    parts_.scale = attention_scale(node_, depth_);
  }

  void normalize() {
    const float epsilon = node_.attr_float("qk_norm_epsilon", 1e-6F);
    if (!node_.has(kQueryNorm)) return;
    parts_.q = node_.add(op::RmsNorm{-1, epsilon}, {parts_.q, node_.input(kQueryNorm)});
    parts_.k = node_.add(op::RmsNorm{-1, epsilon}, {parts_.k, node_.input(kKeyNorm)});
  }

  void rotate_both() {
    const Rotary rotary{2 * require_extent(node_, node_.input(kCos), 1, "the cosines"),
                        node_.attr_bool("rotary_interleaved", false)};
    ValueId positions = node_.optional_input(kPositions);
    if (!positions.valid()) {
      const ValueId own = cast(node_, indices(node_, parts_.q, 1), DataType::i64);
      positions = combine(node_, PointwiseFn::add, reshape(node_, past_, {-1, 1}), own);
    }
    const ValueId cos = rows_at(node_, node_.input(kCos), positions);
    const ValueId sin = rows_at(node_, node_.input(kSin), positions);
    for (ValueId* x : {&parts_.q, &parts_.k}) *x = rotate(node_, rotary, *x, true, cos, sin);
  }

  // The cache [B, G, P, D] with the new rows written behind the past ones, as long as the total if that is
  // more.
  ValueId extended(std::size_t cache, ValueId rows) {
    if (!node_.has(cache)) return rows;
    const ValueId past = node_.input(cache);
    if (const Dims& dims = require_dims(node_, past, 4, "the cache"); dims[2].is_const(0)) return rows;
    const ValueId total = cast(node_, reshape(node_, node_.input(kTotal), {1}), DataType::i64);
    const ValueId missing = combine(node_, PointwiseFn::max, node_.ints({0}),
                                    combine(node_, PointwiseFn::sub, total, extent(node_, past, 2)));
    op::Pad pad;
    pad.axes = Ints{2};
    const ValueId longer = node_.add(pad, {past, node_.add(op::Concat{0}, {node_.ints({0}), missing})});
    return node_.add(op::TensorScatter{2, op::TensorScatterMode::linear}, {longer, rows, past_});
  }

  void limit_sight(ValueId length) {
    const DataType dtype = node_.dtype(kQueries);
    const std::int64_t window = node_.attr_int("local_window_size", -1);
    const bool causal = node_.attr_bool("causal", true);
    Sight sight;
    if (window > 0) sight.left = window - 1;
    if (causal) sight.right = 0;
    if (!node_.has(kPastKey) && causal && !sight.left && !needs_parts()) {
      parts_.causal = op::Causal::top_left;  // a prompt: nothing lies before it
    } else {
      sight.offset = reshape(node_, cast(node_, past_, DataType::f32), {-1, 1, 1, 1});
      parts_.mask = mask_of_sight(node_, sight, parts_.q, parts_.k, dtype, kUnseen);
    }
    if (!causal)
      parts_.mask = add_masks(node_, parts_.mask, mask_of_lengths(node_, length, parts_.k, dtype, kUnseen));
    if (node_.has(kBias))
      parts_.mask =
          add_masks(node_, parts_.mask, lengthen_mask(node_, node_.input(kBias), parts_.k, 2, kUnseen));
  }

  float cap() { return node_.attr_float("softcap", 0); }
  bool needs_parts() { return cap() != 0 || node_.has(kSink) || node_.attr_int("smooth_softmax", -1) > 0; }

  ValueId attend() {
    if (!needs_parts()) return attention(node_, parts_);
    ValueId scores = soft_cap(node_, grouped_product(node_, parts_.q, parts_.k, true, parts_.scale), cap());
    scores = add_masks(node_, scores, parts_.mask);
    return grouped_product(node_, weights_of(scores), parts_.v, false);
  }

  // The softmax, with one more score for nothing where the attributes want it.
  ValueId weights_of(ValueId scores) {
    const bool smooth = node_.attr_int("smooth_softmax", -1) > 0;
    if (!smooth && !node_.has(kSink)) return node_.add(op::Softmax{-1}, {scores});
    const ValueId sink = node_.has(kSink)
                             ? reshape(node_, node_.input(kSink), {1, heads_, 1, 1})
                             : reshape(node_, add_scalar(node_, node_.dtype(kQueries), 0), {1, 1, 1, 1});
    const ValueId shape = node_.add(op::Concat{0}, {node_.add(op::ShapeOf{0, 3}, {scores}), node_.ints({1})});
    const ValueId column = node_.add(op::Expand{}, {sink, shape});
    const ValueId weights = node_.add(op::Softmax{-1}, {node_.add(op::Concat{3}, {scores, column})});
    op::Slice most;
    most.starts = Ints{0};
    most.ends = Ints{-1};
    most.axes = Ints{3};
    return node_.add(most, {weights});
  }

  NodeContext& node_;
  AttentionParts parts_;
  ValueId past_;  // i64 [B]
  std::int64_t heads_ = 0, kv_heads_ = 0, depth_ = 0;
};

Values group_query_attention(NodeContext& node) { return GroupQuery(node).convert(); }

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_group_query(onnx::Registry& registry) {
  registry.add("GroupQueryAttention", onnx::group_query_attention, {}, onnx::kMicrosoft);
  registry.add("RotaryEmbedding", onnx::rotary_embedding_ms, {}, onnx::kMicrosoft);
}

}  // namespace tenon
