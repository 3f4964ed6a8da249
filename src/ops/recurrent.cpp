#include "ops/recurrent.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon::op {
namespace {

RecurrentActivation activation_named(std::string_view name) {
  if (name == "affine") return {RecurrentActivation::Kind::affine, PointwiseFn::tanh, 1.0F, 0.0F};
  if (name == "scaled_tanh") return {RecurrentActivation::Kind::scaled_tanh, PointwiseFn::tanh, 1.0F, 1.0F};
  const std::optional<PointwiseFn> fn = parse_pointwise_fn(name);
  TENON_REQUIRE(fn && info(*fn).arity == 1 && info(*fn).result == PointwiseResult::same,
                "unknown activation '{}'", name);
  return {RecurrentActivation::Kind::pointwise, *fn, info(*fn).alpha, info(*fn).beta};
}

}  // namespace

std::vector<RecurrentActivation> resolve_activations(const std::vector<std::string>& names,
                                                     const std::vector<float>& alpha,
                                                     const std::vector<float>& beta,
                                                     std::span<const std::string_view> defaults,
                                                     int directions) {
  const std::size_t count = defaults.size() * static_cast<std::size_t>(directions);
  auto check = [&](std::size_t found, std::string_view what) {
    TENON_REQUIRE(found == 0 || found == count, "{}: expected {} entries, found {}", what, count, found);
  };
  check(names.size(), "activations");
  check(alpha.size(), "activation_alpha");
  check(beta.size(), "activation_beta");
  std::vector<RecurrentActivation> result;
  for (std::size_t i = 0; i < count; ++i) {
    RecurrentActivation activation =
        activation_named(names.empty() ? defaults[i % defaults.size()] : std::string_view(names[i]));
    if (!alpha.empty() && !std::isnan(alpha[i])) activation.alpha = alpha[i];
    if (!beta.empty() && !std::isnan(beta[i])) activation.beta = beta[i];
    result.push_back(activation);
  }
  return result;
}

std::vector<Inference> infer_recurrent(const InferContext& context, std::int64_t gates,
                                       std::int64_t hidden_size, Direction direction, bool batch_first) {
  require_float(context, 0);
  for (const std::size_t i : {1, 2, 3, 5}) {
    if (context.has(i)) context.require_same_dtype(0, i);
  }
  if (context.has(4)) context.require_dtype(4, {DataType::i32});
  if (hidden_size < 1 || hidden_size > kMaxGeometry) {
    context.fail(fmt::format("hidden_size: expected 1 to {}, found {}", kMaxGeometry, hidden_size));
  }
  const std::int64_t directions = direction == Direction::bidirectional ? 2 : 1;

  Dim steps = Dim::unknown();
  Dim batch = Dim::unknown();
  Dim inputs = Dim::unknown();
  require_rank(context, 0, 3);
  if (context.has_rank(0)) {
    const Dims& x = context.dims(0);
    steps = x[batch_first ? 1 : 0];
    batch = x[batch_first ? 0 : 1];
    inputs = x[2];
  }
  auto check = [&](std::size_t operand, const Dims& expected) {
    if (!context.has(operand)) return;
    require_rank(context, operand, expected.size());
    if (!context.has_rank(operand)) return;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      merge_dim(context, context.dims(operand)[i], expected[i],
                fmt::format("operand {}, dim {}:", operand, i));
    }
  };
  check(1, {directions, gates * hidden_size, inputs});
  check(2, {directions, gates * hidden_size, hidden_size});
  check(3, {directions, 2 * gates * hidden_size});
  check(4, {batch});
  const Dims state =
      batch_first ? Dims{batch, directions, hidden_size} : Dims{directions, batch, hidden_size};
  check(5, state);
  check(6, state);
  const Dims y =
      batch_first ? Dims{batch, steps, directions, hidden_size} : Dims{steps, directions, batch, hidden_size};
  return {tensor_type(context.dtype(0), y), tensor_type(context.dtype(0), state)};
}

}  // namespace tenon::op
