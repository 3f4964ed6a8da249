// From the shapes of attention's operands to the extents and strides that its kernels take.
#pragma once

#include "backends/cpu/kernels/attention/attention.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/attention.hpp"

#include <string_view>

namespace tenon::cpu {

// Elements between the heads and rows of a dense operand with heads as an axis or side by side, `columns`
// each.
inline AttentionStrides attention_strides(const Shape& shape, bool side_by_side, std::ptrdiff_t columns) {
  if (side_by_side) return {shape[1] * shape[2], columns, shape[2]};
  return {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
}

// Extents, and the strides of operands and result; q holds all three where k and v have no rank. ModelError
// when y does not fit.
template <class Args>
void set_attention_geometry(Args& args, const op::AttentionExtents& e, bool side_by_side, const Shape& q,
                            const Shape& k, const Shape& v, const Shape& y, std::string_view kind) {
  const Shape expected = side_by_side ? Shape{e.batch, e.queries, e.heads * e.value_depth}
                                      : Shape{e.batch, e.heads, e.queries, e.value_depth};
  TENON_REQUIRE(y == expected, "{}: operands and result do not fit", kind);
  for (const Shape* shape : {&q, &k, &v, &y}) volume(*shape);
  args.batch = narrow_dim(e.batch);
  args.heads = narrow_dim(e.heads);
  args.kv_heads = narrow_dim(e.kv_heads);
  args.queries = narrow_dim(e.queries);
  args.keys = narrow_dim(e.keys);
  args.depth = narrow_dim(e.depth);
  args.value_depth = narrow_dim(e.value_depth);
  args.q_strides = attention_strides(q, side_by_side, e.depth);
  args.k_strides = attention_strides(k.empty() ? q : k, side_by_side, e.depth);
  args.v_strides = attention_strides(v.empty() ? q : v, side_by_side, e.value_depth);
  args.y_strides = attention_strides(y, side_by_side, e.value_depth);
}

// A mask of any rank up to 4, broadcast to [batch, heads, queries, keys]; what it points to is set when it
// runs.
template <class Args>
void set_attention_mask(Args& args, const Shape& mask, std::string_view kind) {
  TENON_REQUIRE(mask.size() <= 4, "{}: a mask of rank {}", kind, mask.size());
  const int full[] = {args.batch, args.heads, args.queries, args.keys};
  std::ptrdiff_t strides[4] = {};
  std::ptrdiff_t stride = 1;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::int64_t dim = mask[mask.size() - 1 - i];
    TENON_REQUIRE(dim == 1 || dim == full[3 - i], "{}: the mask does not fit", kind);
    if (dim != 1) strides[3 - i] = stride;
    stride *= dim;
  }
  static constexpr float kPresent = 0;
  args.mask = &kPresent;  // for the size of the scratch
  args.mask_strides = {strides[0], strides[1], strides[2]};
  args.mask_key = strides[3];
}

// Whether a mask, or none (null), has the batch as its first axis, as all other operands do.
inline bool mask_by_entry(const Type* mask) {
  return mask == nullptr || (mask->as_tensor().dims && mask->as_tensor().dims->size() == 4);
}

}  // namespace tenon::cpu
