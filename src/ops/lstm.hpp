// lstm: long short-term memory with optional peepholes. Shapes and activations: ops/recurrent.hpp, G = 4,
// gates in order input, output, forget, cell; activations f (gates), g (cell input), h (cell output),
// defaults sigmoid, tanh, tanh.
//
//   i  = f(x·Wi + h·Ri + Pi∘c + bi)
//   k  = f(x·Wf + h·Rf + Pf∘c + bf), with input_forget 1 - i
//   c' = k∘c + i∘g(x·Wc + h·Rc + bc)
//   o  = f(x·Wo + h·Ro + Po∘c' + bo)
//   h' = o∘h(c')
//
// Operands: x, w, r, bias?, sequence_lens?, initial_h?, initial_c?, peephole [D, 3·H] (input, output,
// forget)?. Results: y, y_h, y_c.
#pragma once

#include "ir/op.hpp"
#include "ops/recurrent.hpp"

namespace tenon::op {

struct Lstm {
  std::int64_t hidden_size = 0;
  Direction direction = Direction::forward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  bool input_forget = false;
  bool batch_first = false;

  static constexpr std::string_view kName = "lstm";
  static constexpr std::array<std::string_view, 3> kDefaultActivations{"sigmoid", "tanh", "tanh"};
  static constexpr auto fields() {
    return std::make_tuple(
        field("hidden_size", &Lstm::hidden_size), field("direction", &Lstm::direction),
        field("activations", &Lstm::activations), field("activation_alpha", &Lstm::activation_alpha),
        field("activation_beta", &Lstm::activation_beta), field("clip", &Lstm::clip),
        field("input_forget", &Lstm::input_forget), field("batch_first", &Lstm::batch_first));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
