// linear_attention, one position after the other.
#include "ops/linear_attention.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <cmath>

namespace tenon {
namespace ref {
namespace {

constexpr std::size_t kState = 3, kDecay = 4, kBeta = 5;

// The state of one head and what changes it; all pointers at the head's own columns.
struct Step {
  std::span<double> state;  // [depth, value_depth]
  std::int64_t depth, value_depth;

  double retrieve(const double* at, std::int64_t column) const {
    double sum = 0;
    for (std::int64_t d = 0; d < depth; ++d)
      sum += at[d] * state[static_cast<std::size_t>(d * value_depth + column)];
    return sum;
  }
  void decay(const double* factors, std::int64_t count) {
    for (std::int64_t i = 0; i < depth * value_depth; ++i)
      state[static_cast<std::size_t>(i)] *= std::exp(factors[count == 1 ? 0 : i / value_depth]);
  }
  void write(const double* key, const double* value, const double* beta) {
    for (std::int64_t e = 0; e < value_depth; ++e) {
      const double update = beta == nullptr ? value[e] : *beta * (value[e] - retrieve(key, e));
      for (std::int64_t d = 0; d < depth; ++d)
        state[static_cast<std::size_t>(d * value_depth + e)] += key[d] * update;
    }
  }
};

void run_linear_attention(const Op& op, const Call& call) {
  const auto& attention = *op.as<op::LinearAttention>();
  const Shape none;
  const auto shape = [&](std::size_t i) -> const Shape& { return call.has(i) ? call.in(i).shape() : none; };
  const op::LinearAttentionExtents e =
      op::linear_attention_extents(attention, shape(0), shape(1), shape(2), shape(kDecay), shape(kBeta));
  const auto values = [&](std::size_t i) {
    return call.has(i) ? to_doubles(call.in(i)) : std::vector<double>();
  };
  const std::vector<double> q = values(0), k = values(1), v = values(2), decay = values(kDecay),
                            beta = values(kBeta);
  const std::int64_t heads = attention.heads, groups = attention.kv_heads, size = e.depth * e.value_depth;
  std::vector<double> state = values(kState);
  state.resize(static_cast<std::size_t>(e.batch * groups * size));
  std::vector<double> y(static_cast<std::size_t>(e.batch * e.steps * heads * e.value_depth));

  for (std::int64_t b = 0; b < e.batch; ++b) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::size_t own = static_cast<std::size_t>((b * groups + g) * size);
      Step step{std::span(state).subspan(own, static_cast<std::size_t>(size)), e.depth, e.value_depth};
      for (std::int64_t t = 0; t < e.steps; ++t) {
        const std::int64_t row = b * e.steps + t;
        const double* factor = beta.empty() ? nullptr : beta.data() + row * e.betas + (e.betas == 1 ? 0 : g);
        if (!decay.empty()) step.decay(decay.data() + (row * groups + g) * e.decays, e.decays);
        step.write(k.data() + (row * groups + g) * e.depth, v.data() + (row * groups + g) * e.value_depth,
                   factor);
        for (std::int64_t h = g * (heads / groups); h < (g + 1) * (heads / groups); ++h) {
          for (std::int64_t c = 0; c < e.value_depth; ++c) {
            y[static_cast<std::size_t>((row * heads + h) * e.value_depth + c)] =
                static_cast<double>(attention.scale) *
                step.retrieve(q.data() + (row * heads + h) * e.depth, c);
          }
        }
      }
    }
  }
  store_doubles(y, call.out(0));
  if (call.outputs.size() > 1) store_doubles(state, call.out(1));
}

}  // namespace
}  // namespace ref

void register_ref_linear_attention(ref::Registry& registry) {
  registry.add("linear_attention", ref::run_linear_attention);
}

}  // namespace tenon
