// attention: y = softmax(scale · q · kᵀ + mask) · v, the softmax over the keys, for every head on its own.
//
// Operands: q, k, v, mask or absent; of one float dtype. H query heads, G heads of keys and values (H a
// multiple of G: neighbouring query heads share them), S queries, T keys:
//
//   heads = 0   q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] → y [B, H, S, E]
//   heads = H   heads side by side: q [B, S, H·D], k [B, T, G·D], v [B, T, G·E] → y [B, S, H·E], G =
//   kv_heads;
//               without k and v, q is [B, S, (H + 2·G)·D]: queries, keys and values side by side
//
// mask broadcasts to [B, H, S, T]. causal: query i sees the keys 0 … i alone (top_left), or the keys
// 0 … i + T - S (bottom_right), so that the last query sees all. A query that sees no key, every score being
// -inf, gives NaN, as a softmax does; with blind_is_zero it gives 0. Decomposes into two matmuls and a
// softmax unless causal, or heads share keys, or a masked query may have to give 0.
#pragma once

#include "ir/graph.hpp"

#include <array>
#include <optional>
#include <span>

namespace tenon::op {

enum class Causal : std::uint8_t { none, top_left, bottom_right };
inline constexpr std::array<std::string_view, 3> enum_names(Causal) {
  return {"none", "top_left", "bottom_right"};
}

struct Attention {
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  // 0: as many as heads
  float scale = 1;
  Causal causal = Causal::none;
  bool blind_is_zero = false;

  static constexpr std::string_view kName = "attention";
  static constexpr auto fields() {
    return std::make_tuple(field("heads", &Attention::heads), field("kv_heads", &Attention::kv_heads),
                           field("scale", &Attention::scale), field("causal", &Attention::causal),
                           field("blind_is_zero", &Attention::blind_is_zero));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

// The dims of y, of operands 0 to 3 whatever their dtypes; nothing where an operand's rank is unknown. Fails
// where shapes or heads do not fit.
std::optional<Dims> attention_dims(const InferContext& context, std::int64_t heads, std::int64_t kv_heads);

// Extents of actual operands; k and v are empty when q holds all three. ModelError when they do not fit.
struct AttentionExtents {
  std::int64_t batch, heads, kv_heads, queries, keys, depth, value_depth;
};
AttentionExtents attention_extents(const Attention& op, std::span<const std::int64_t> q,
                                   std::span<const std::int64_t> k, std::span<const std::int64_t> v);

}  // namespace tenon::op
