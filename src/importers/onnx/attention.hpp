// What the converters of attention operators share: axes of heads, masks, and attention itself, as the IR's
// operator where that says all of it, else as the parts of a chain of products.
#pragma once

#include "importers/onnx/converters.hpp"
#include "ops/attention.hpp"

namespace tenon::onnx {

// --- heads ---
// [B, S, heads · D] ↔ [B, heads, S, D]
ValueId heads_apart(NodeContext& node, ValueId value, std::int64_t heads);
ValueId heads_beside(NodeContext& node, ValueId value);
// The dims of a value that must have this rank, or the constant extent of one of its axes; fails naming
// `what`.
const Dims& require_dims(const NodeContext& node, ValueId value, std::size_t rank, std::string_view what);
std::int64_t require_extent(const NodeContext& node, ValueId value, std::size_t axis, std::string_view what);

// --- sizes and positions; positions are f32, which kernels compare, exact up to 2^24 ---
ValueId extent(NodeContext& node, ValueId value, std::int64_t axis);   // i64 [1]
ValueId indices(NodeContext& node, ValueId value, std::int64_t axis);  // [n]: 0 … n - 1

// --- masks, which are added to scores ---
// 0 where `allowed` (bool) is true, else `hidden`.
ValueId mask_of(NodeContext& node, ValueId allowed, DataType dtype, double hidden);
ValueId add_masks(NodeContext& node, ValueId a, ValueId b);  // either may be invalid
// `mask` [..., t] with `hidden` behind it, so that it has as many columns as `keys` has along `axis`.
ValueId lengthen_mask(NodeContext& node, ValueId mask, ValueId keys, std::size_t axis, double hidden);

// The query at position p = i + offset sees the keys j with p - left ≤ j ≤ p + right, where these are given.
struct Sight {
  ValueId offset = {};  // f32, broadcastable to [B, 1, 1, 1]; invalid: 0
  std::optional<std::int64_t> left = {}, right = {};
};
// Broadcastable to [B, H, S, T], for q [B, H, S, D] and k [B, G, T, D]; invalid when everything is seen.
ValueId mask_of_sight(NodeContext& node, const Sight& sight, ValueId q, ValueId k, DataType dtype,
                      double hidden);
// Hides the keys from lengths[b] on; lengths: integers [B].
ValueId mask_of_lengths(NodeContext& node, ValueId lengths, ValueId k, DataType dtype, double hidden);

// --- attention ---
struct AttentionParts {
  ValueId q, k, v;  // [B, H, S, D], [B, G, T, D], [B, G, T, E]; or, with `heads`, side by side
  std::int64_t heads = 0, kv_heads = 0;
  ValueId mask = {};  // or invalid
  op::Causal causal = op::Causal::none;
  double scale = 1;
};
ValueId attention(NodeContext& node, const AttentionParts& parts);
// 1 / sqrt(D), unless the attribute says something else.
double attention_scale(NodeContext& node, std::int64_t depth);

// alpha · a [B, H, S, X] times the b [B, G, X, Y], or [B, G, Y, X] when transposed, of each head's group.
ValueId grouped_product(NodeContext& node, ValueId a, ValueId b, bool transpose_b, double alpha = 1);
// cap · tanh(scores / cap); with cap 0 the scores.
ValueId soft_cap(NodeContext& node, ValueId scores, float cap);
// The weights, 0 in rows where the mask hides every key.
ValueId clear_blind(NodeContext& node, ValueId weights, ValueId mask);

}  // namespace tenon::onnx
