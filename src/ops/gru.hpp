// gru: gated recurrent unit. Shapes and activations: ops/recurrent.hpp, G = 3, gates in order update, reset,
// hidden; activations f (gates) and g (hidden), defaults sigmoid, tanh.
//
//   z = f(x·Wz + h·Rz + bz)   r = f(x·Wr + h·Rr + br)   h' = (1 - z)∘h̃ + z∘h
//   h̃ = g(x·Wh + Wbh + (r∘h)·Rh + Rbh), or with linear_before_reset g(x·Wh + Wbh + r∘(h·Rh + Rbh))
//
// Operands: x, w, r, bias?, sequence_lens?, initial_h?. Results: y, y_h.
#pragma once

#include "ir/op.hpp"
#include "ops/recurrent.hpp"

namespace tenon::op {

struct Gru {
  std::int64_t hidden_size = 0;
  Direction direction = Direction::forward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  bool linear_before_reset = false;
  bool batch_first = false;

  static constexpr std::string_view kName = "gru";
  static constexpr std::array<std::string_view, 2> kDefaultActivations{"sigmoid", "tanh"};
  static constexpr auto fields() {
    return std::make_tuple(
        field("hidden_size", &Gru::hidden_size), field("direction", &Gru::direction),
        field("activations", &Gru::activations), field("activation_alpha", &Gru::activation_alpha),
        field("activation_beta", &Gru::activation_beta), field("clip", &Gru::clip),
        field("linear_before_reset", &Gru::linear_before_reset), field("batch_first", &Gru::batch_first));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
