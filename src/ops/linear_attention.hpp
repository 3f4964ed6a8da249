// linear_attention: attention without a softmax, as a recurrence over the positions t with a state S per
// head.
//
//   S ← exp(decay_t) · S                           where decay is given, a factor per row of S
//   u = v_t, or beta_t · (v_t - Sᵀ·k_t)            where beta is given (the delta rule)
//   S ← S + k_t ⊗ u,   y_t = scale · Sᵀ·q_t
//
// Operands, heads side by side: q [B, T, heads·D], k [B, T, kv_heads·D], v [B, T, kv_heads·E], state
// [B, kv_heads, D, E] or absent (zeros), decay [B, T, kv_heads·D] or [B, T, kv_heads] or absent, beta
// [B, T, kv_heads] or [B, T, 1] or absent. Float; neighbouring query heads share a state. Results: y
// [B, T, heads·E] of q's dtype; the last state, of state's dtype, else q's.
//
// Yang and others, "Gated Delta Networks: Improving Mamba2 with Delta Rule", 2024.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct LinearAttention {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  float scale = 1;

  static constexpr std::string_view kName = "linear_attention";
  static constexpr auto fields() {
    return std::make_tuple(field("heads", &LinearAttention::heads),
                           field("kv_heads", &LinearAttention::kv_heads),
                           field("scale", &LinearAttention::scale));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// Extents of actual operands; those that are absent have no dims. ModelError when they do not fit.
struct LinearAttentionExtents {
  std::int64_t batch, steps, depth, value_depth;
  std::int64_t decays;  // columns of decay per head: 1 or depth
  std::int64_t betas;   // columns of beta: 1 or kv_heads
};
LinearAttentionExtents linear_attention_extents(const LinearAttention& op, std::span<const std::int64_t> q,
                                                std::span<const std::int64_t> k,
                                                std::span<const std::int64_t> v,
                                                std::span<const std::int64_t> decay,
                                                std::span<const std::int64_t> beta);

}  // namespace tenon::op
