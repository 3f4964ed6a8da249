#include "ops/linear_attention.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {
namespace {

constexpr std::size_t kQ = 0, kK = 1, kV = 2, kState = 3, kDecay = 4, kBeta = 5;

Dim columns_per_head(const InferContext& context, std::size_t operand, std::int64_t heads) {
  const Dim& columns = context.dims(operand)[2];
  if (!columns.is_const()) return Dim::unknown();
  if (columns.value() % heads != 0)
    context.fail(fmt::format("{} columns for {} heads side by side", columns.value(), heads));
  return Dim(columns.value() / heads);
}

}  // namespace

std::vector<Inference> LinearAttention::infer(InferContext& context) const {
  context.require_inputs(3, 6);
  if (heads <= 0 || kv_heads <= 0 || heads > kMaxGeometry || heads % kv_heads != 0)
    context.fail(fmt::format("{} heads of queries for {} of keys", heads, kv_heads));
  TensorType y, state;
  y.dtype = state.dtype = context.dtype(kQ);
  if (context.has(kState)) state.dtype = context.dtype(kState);
  bool known = true;
  for (const std::size_t i : {kQ, kK, kV, kState, kDecay, kBeta}) {
    if (!context.has(i)) continue;
    require_float(context, i);
    require_rank(context, i, i == kState ? 4 : 3);
    if (i != kState) context.require_same_dtype(kQ, i);
    known = known && context.has_rank(i);
  }
  const auto results = [&] {
    std::vector<Inference> list{Inference{Type(y)}, Inference{Type(state)}};
    if (context.output_count() == 1) list.pop_back();
    return list;
  };
  if (!known) return results();

  Dim batch = context.dims(kQ)[0], steps = context.dims(kQ)[1];
  for (const std::size_t i : {kK, kV, kDecay, kBeta}) {
    if (!context.has(i)) continue;
    batch = merge_dim(context, batch, context.dims(i)[0], "batch:");
    steps = merge_dim(context, steps, context.dims(i)[1], "numbers of positions:");
  }
  const Dim depth = merge_dim(context, columns_per_head(context, kQ, heads),
                              columns_per_head(context, kK, kv_heads), "depths of queries and keys:");
  const Dim value_depth = columns_per_head(context, kV, kv_heads);
  state.dims = Dims{batch, Dim(kv_heads), depth, value_depth};
  if (context.has(kState)) {
    for (std::size_t i = 0; i < 4; ++i)
      merge_dim(context, (*state.dims)[i], context.dims(kState)[i], "state:");
  }
  const auto one_of = [&](std::size_t i, const Dim& a, const Dim& b) {
    const Dim& columns = context.dims(i)[2];
    if (columns.is_const() && a.is_const() && b.is_const() && columns != a && columns != b)
      context.fail(fmt::format("operand {} has {} columns", i, columns.value()));
  };
  if (context.has(kDecay)) one_of(kDecay, Dim(kv_heads), depth * Dim(kv_heads));
  if (context.has(kBeta)) one_of(kBeta, Dim(kv_heads), Dim(1));
  y.dims = Dims{batch, steps, value_depth * Dim(heads)};
  return results();
}

LinearAttentionExtents linear_attention_extents(const LinearAttention& op, std::span<const std::int64_t> q,
                                                std::span<const std::int64_t> k,
                                                std::span<const std::int64_t> v,
                                                std::span<const std::int64_t> decay,
                                                std::span<const std::int64_t> beta) {
  const auto fits = [&](std::span<const std::int64_t> x) {
    return x.size() == 3 && x[0] == q[0] && x[1] == q[1];
  };
  TENON_REQUIRE(
      fits(q) && fits(k) && fits(v) && (decay.empty() || fits(decay)) && (beta.empty() || fits(beta)),
      "linear_attention: operands do not fit each other");
  TENON_REQUIRE(op.heads > 0 && op.kv_heads > 0 && op.heads % op.kv_heads == 0 && q[2] % op.heads == 0 &&
                    k[2] % op.kv_heads == 0 && v[2] % op.kv_heads == 0 &&
                    q[2] / op.heads == k[2] / op.kv_heads,
                "linear_attention: {} heads for {}", op.heads, op.kv_heads);
  LinearAttentionExtents e{q[0], q[1], q[2] / op.heads, v[2] / op.kv_heads, 0, 0};
  if (!decay.empty()) e.decays = decay[2] / op.kv_heads;
  if (!beta.empty()) e.betas = beta[2];
  TENON_REQUIRE(
      decay.empty() || (decay[2] == e.decays * op.kv_heads && (e.decays == 1 || e.decays == e.depth)),
      "linear_attention: decay of {} columns", decay[2]);
  TENON_REQUIRE(beta.empty() || e.betas == 1 || e.betas == op.kv_heads,
                "linear_attention: beta of {} columns", beta[2]);
  return e;
}

}  // namespace op

void register_op_linear_attention(OpRegistry& registry) { registry.add<op::LinearAttention>(); }

}  // namespace tenon
