// rnn: the simple recurrent network h' = f(x·W + h·R + Wb + Rb). Shapes and activations: ops/recurrent.hpp, G
// = 1, default tanh.
//
// Operands: x, w, r, bias?, sequence_lens?, initial_h?. Results: y, y_h.
#pragma once

#include "ir/op.hpp"
#include "ops/recurrent.hpp"

namespace tenon::op {

struct Rnn {
  std::int64_t hidden_size = 0;
  Direction direction = Direction::forward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  bool batch_first = false;

  static constexpr std::string_view kName = "rnn";
  static constexpr std::array<std::string_view, 1> kDefaultActivations{"tanh"};
  static constexpr auto fields() {
    return std::make_tuple(field("hidden_size", &Rnn::hidden_size), field("direction", &Rnn::direction),
                           field("activations", &Rnn::activations),
                           field("activation_alpha", &Rnn::activation_alpha),
                           field("activation_beta", &Rnn::activation_beta), field("clip", &Rnn::clip),
                           field("batch_first", &Rnn::batch_first));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
