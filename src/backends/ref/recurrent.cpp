// lstm, gru, rnn: one sequence, one direction and one step at a time, states in double throughout.
#include "ops/recurrent.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/pointwise_function.hpp"
#include "backends/ref/registry.hpp"
#include "ops/gru.hpp"
#include "ops/lstm.hpp"
#include "ops/rnn.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

double activate(const op::RecurrentActivation& activation, double x) {
  switch (activation.kind) {
    case op::RecurrentActivation::Kind::affine: return activation.alpha * x + activation.beta;
    case op::RecurrentActivation::Kind::scaled_tanh: return activation.alpha * std::tanh(activation.beta * x);
    case op::RecurrentActivation::Kind::pointwise: break;
  }
  return apply_float(activation.fn, activation.alpha, activation.beta, x);
}

// Sizes, layout and operands of one call.
struct Recurrent {
  std::int64_t steps, batch, inputs, hidden, gates, directions;
  bool batch_first;
  op::Direction direction;
  std::vector<double> x, w, r, bias, initial_h;
  std::vector<std::int64_t> lengths;
  double clip;

  bool runs_backwards(std::int64_t d) const { return direction == op::Direction::reverse || d == 1; }
  const double* input(std::int64_t t, std::int64_t b) const {
    return x.data() + (batch_first ? b * steps + t : t * batch + b) * inputs;
  }
  std::size_t state_position(std::int64_t d, std::int64_t b) const {
    return static_cast<std::size_t>((batch_first ? b * directions + d : d * batch + b) * hidden);
  }
  std::size_t output_position(std::int64_t t, std::int64_t d, std::int64_t b) const {
    return static_cast<std::size_t>(
        (batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden);
  }
  double clipped(double value) const { return clip > 0 ? std::clamp(value, -clip, clip) : value; }

  // x · W[gate, h] and h · R[gate, h] without and the two biases.
  double input_term(std::int64_t d, std::int64_t gate, std::int64_t h, const double* at) const {
    const double* row = w.data() + ((d * gates + gate) * hidden + h) * inputs;
    double sum = 0;
    for (std::int64_t i = 0; i < inputs; ++i) sum += row[i] * at[i];
    return sum;
  }
  double recurrent_term(std::int64_t d, std::int64_t gate, std::int64_t h,
                        std::span<const double> state) const {
    const double* row = r.data() + ((d * gates + gate) * hidden + h) * hidden;
    double sum = 0;
    for (std::int64_t i = 0; i < hidden; ++i) sum += row[i] * state[static_cast<std::size_t>(i)];
    return sum;
  }
  double input_bias(std::int64_t d, std::int64_t gate, std::int64_t h) const {
    return bias.empty() ? 0 : bias[static_cast<std::size_t>((d * 2 * gates + gate) * hidden + h)];
  }
  double recurrent_bias(std::int64_t d, std::int64_t gate, std::int64_t h) const {
    return bias.empty() ? 0 : bias[static_cast<std::size_t>(((d * 2 + 1) * gates + gate) * hidden + h)];
  }
  // The whole linear part of a gate.
  double gate_sum(std::int64_t d, std::int64_t gate, std::int64_t h, const double* at,
                  std::span<const double> state) const {
    return input_term(d, gate, h, at) + recurrent_term(d, gate, h, state) + input_bias(d, gate, h) +
           recurrent_bias(d, gate, h);
  }
};

template <class O>
Recurrent recurrent_of(const O& op, const Call& call, std::int64_t gates) {
  Recurrent rec;
  const Shape& x = call.in(0).shape();
  rec.batch_first = op.batch_first;
  rec.steps = x[op.batch_first ? 1 : 0];
  rec.batch = x[op.batch_first ? 0 : 1];
  rec.inputs = x[2];
  rec.hidden = op.hidden_size;
  rec.gates = gates;
  rec.direction = op.direction;
  rec.directions = op.direction == op::Direction::bidirectional ? 2 : 1;
  rec.x = to_doubles(call.in(0));
  rec.w = to_doubles(call.in(1));
  rec.r = to_doubles(call.in(2));
  if (call.has(3)) rec.bias = to_doubles(call.in(3));
  rec.lengths.assign(static_cast<std::size_t>(rec.batch), rec.steps);
  if (call.has(4)) rec.lengths = to_integers(call.in(4));
  for (const std::int64_t length : rec.lengths) {
    TENON_REQUIRE(length >= 0 && length <= rec.steps, "a sequence of length {} among {} steps", length,
                  rec.steps);
  }
  rec.initial_h.assign(static_cast<std::size_t>(rec.directions * rec.batch * rec.hidden), 0);
  if (call.has(5)) rec.initial_h = to_doubles(call.in(5));
  rec.clip = op.clip;
  return rec;
}

// Runs step(direction, batch, input, h) over each sequence; step updates h in place. Stores y and y_h.
template <class Step>
void run_sequences(const Recurrent& rec, const Call& call, Step&& step) {
  std::vector<double> y(static_cast<std::size_t>(rec.steps * rec.directions * rec.batch * rec.hidden), 0.0);
  std::vector<double> y_h = rec.initial_h;
  for (std::int64_t d = 0; d < rec.directions; ++d) {
    for (std::int64_t b = 0; b < rec.batch; ++b) {
      const std::span<double> h =
          std::span(y_h).subspan(rec.state_position(d, b), static_cast<std::size_t>(rec.hidden));
      const std::int64_t length = rec.lengths[static_cast<std::size_t>(b)];
      for (std::int64_t i = 0; i < length; ++i) {
        const std::int64_t t = rec.runs_backwards(d) ? length - 1 - i : i;
        step(d, b, rec.input(t, b), h);
        std::copy(h.begin(), h.end(), y.begin() + static_cast<std::ptrdiff_t>(rec.output_position(t, d, b)));
      }
    }
  }
  store_doubles(y, call.out(0));
  if (call.outputs.size() > 1) store_doubles(y_h, call.out(1));
}

void run_lstm(const Op& op, const Call& call) {
  const auto& lstm = *op.as<op::Lstm>();
  const Recurrent rec = recurrent_of(lstm, call, 4);
  const auto activations =
      op::resolve_activations(lstm.activations, lstm.activation_alpha, lstm.activation_beta,
                              op::Lstm::kDefaultActivations, static_cast<int>(rec.directions));
  const std::vector<double> peephole = call.has(7) ? to_doubles(call.in(7)) : std::vector<double>();
  std::vector<double> y_c(rec.initial_h.size(), 0.0);
  if (call.has(6)) y_c = to_doubles(call.in(6));

  enum Gate : std::int64_t { input, output, forget, cell };
  run_sequences(rec, call, [&](std::int64_t d, std::int64_t b, const double* x, std::span<double> h) {
    const op::RecurrentActivation* f = activations.data() + 3 * d;
    const std::vector<double> before(h.begin(), h.end());
    auto peep = [&](std::int64_t gate, std::int64_t unit) {
      return peephole.empty() ? 0 : peephole[static_cast<std::size_t>((d * 3 + gate) * rec.hidden + unit)];
    };
    for (std::int64_t unit = 0; unit < rec.hidden; ++unit) {
      double& c = y_c[rec.state_position(d, b) + static_cast<std::size_t>(unit)];
      auto gate = [&](Gate which, double state) {
        return activate(f[0],
                        rec.clipped(rec.gate_sum(d, which, unit, x, before) + peep(which, unit) * state));
      };
      const double i = gate(input, c);
      const double keep = lstm.input_forget ? 1 - i : gate(forget, c);
      c = keep * c + i * activate(f[1], rec.clipped(rec.gate_sum(d, cell, unit, x, before)));
      h[static_cast<std::size_t>(unit)] = gate(output, c) * activate(f[2], c);
    }
  });
  if (call.outputs.size() > 2) store_doubles(y_c, call.out(2));
}

void run_gru(const Op& op, const Call& call) {
  const auto& gru = *op.as<op::Gru>();
  const Recurrent rec = recurrent_of(gru, call, 3);
  const auto activations =
      op::resolve_activations(gru.activations, gru.activation_alpha, gru.activation_beta,
                              op::Gru::kDefaultActivations, static_cast<int>(rec.directions));
  enum Gate : std::int64_t { update, reset, hidden };
  run_sequences(rec, call, [&](std::int64_t d, std::int64_t, const double* x, std::span<double> h) {
    const op::RecurrentActivation* f = activations.data() + 2 * d;
    const std::vector<double> before(h.begin(), h.end());
    std::vector<double> gated(before.size());
    std::vector<double> r(before.size());
    for (std::size_t unit = 0; unit < before.size(); ++unit) {
      r[unit] =
          activate(f[0], rec.clipped(rec.gate_sum(d, reset, static_cast<std::int64_t>(unit), x, before)));
      gated[unit] = r[unit] * before[unit];
    }
    for (std::int64_t unit = 0; unit < rec.hidden; ++unit) {
      const auto at = static_cast<std::size_t>(unit);
      const double z = activate(f[0], rec.clipped(rec.gate_sum(d, update, unit, x, before)));
      const double from_state =
          gru.linear_before_reset
              ? r[at] * (rec.recurrent_term(d, hidden, unit, before) + rec.recurrent_bias(d, hidden, unit))
              : rec.recurrent_term(d, hidden, unit, gated) + rec.recurrent_bias(d, hidden, unit);
      const double candidate = activate(f[1], rec.clipped(rec.input_term(d, hidden, unit, x) +
                                                          rec.input_bias(d, hidden, unit) + from_state));
      h[at] = (1 - z) * candidate + z * before[at];
    }
  });
}

void run_rnn(const Op& op, const Call& call) {
  const auto& rnn = *op.as<op::Rnn>();
  const Recurrent rec = recurrent_of(rnn, call, 1);
  const auto activations =
      op::resolve_activations(rnn.activations, rnn.activation_alpha, rnn.activation_beta,
                              op::Rnn::kDefaultActivations, static_cast<int>(rec.directions));
  run_sequences(rec, call, [&](std::int64_t d, std::int64_t, const double* x, std::span<double> h) {
    const std::vector<double> before(h.begin(), h.end());
    for (std::int64_t unit = 0; unit < rec.hidden; ++unit) {
      h[static_cast<std::size_t>(unit)] = activate(activations[static_cast<std::size_t>(d)],
                                                   rec.clipped(rec.gate_sum(d, 0, unit, x, before)));
    }
  });
}

}  // namespace
}  // namespace ref

void register_ref_recurrent(ref::Registry& registry) {
  registry.add("lstm", ref::run_lstm);
  registry.add("gru", ref::run_gru);
  registry.add("rnn", ref::run_rnn);
}

}  // namespace tenon
