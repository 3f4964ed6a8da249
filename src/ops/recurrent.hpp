// What lstm, gru and rnn share.
//
// x [T, B, I] (batch_first: [B, T, I]); D = 1 or 2 directions, H = hidden_size. w [D, G·H, I], r [D, G·H, H],
// bias [D, 2·G·H] (input biases, then recurrent ones) or absent, sequence_lens i32 [B] or absent (steps
// beyond a sequence's length give 0 and leave its state), initial_h [D, B, H] or absent (zeros). Results: y
// [T, D, B, H] and y_h [D, B, H] (batch_first: [B, T, D, H], [B, D, H]; initial states likewise).
// `activations` (empty: the defaults) name the functions of each direction in turn, lower case, as in the
// pointwise table ("sigmoid", "tanh", "relu", "hard_sigmoid", "leaky_relu", "elu", "softplus", "softsign",
// "thresholded_relu"), or "affine" (alpha·x + beta) and "scaled_tanh" (alpha·tanh(beta·x)). activation_alpha
// and _beta, when not empty, have one entry per activation; NaN means the function's default. clip > 0 bounds
// the arguments of the activations.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <string>
#include <vector>

namespace tenon::op {

enum class Direction : std::uint8_t { forward, reverse, bidirectional };
inline constexpr std::array<std::string_view, 3> enum_names(Direction) {
  return {"forward", "reverse", "bidirectional"};
}

// One activation with its parameters.
struct RecurrentActivation {
  enum class Kind : std::uint8_t { pointwise, affine, scaled_tanh };
  Kind kind = Kind::pointwise;
  PointwiseFn fn = PointwiseFn::tanh;
  float alpha = 0;
  float beta = 0;
};

// directions × per_direction entries. ModelError for unknown names or wrong counts.
std::vector<RecurrentActivation> resolve_activations(const std::vector<std::string>& names,
                                                     const std::vector<float>& alpha,
                                                     const std::vector<float>& beta,
                                                     std::span<const std::string_view> defaults,
                                                     int directions);

// Types of y and y_h; checks the operands up to initial_h (5), and 6 where it is a state too (lstm). `gates`
// is G.
std::vector<Inference> infer_recurrent(const InferContext& context, std::int64_t gates,
                                       std::int64_t hidden_size, Direction direction, bool batch_first);

}  // namespace tenon::op
