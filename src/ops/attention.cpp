#include "ops/attention.hpp"

#include "base/check.hpp"
#include "ops/binary.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"
#include "ops/softmax.hpp"
#include "ops/split.hpp"
#include "ops/transpose.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {
namespace {

constexpr std::size_t kQ = 0, kK = 1, kV = 2, kMask = 3;

std::int64_t shared_heads(std::int64_t heads, std::int64_t kv_heads) {
  return kv_heads == 0 ? heads : kv_heads;
}
std::int64_t shared_heads(const Attention& op) { return shared_heads(op.heads, op.kv_heads); }

// A dim that is `parts` equal parts side by side.
Dim part_of(const InferContext& context, const Dim& dim, std::int64_t parts) {
  if (!dim.is_const()) return Dim::unknown();
  if (dim.value() % parts != 0)
    context.fail(fmt::format("{} columns for {} heads side by side", dim.value(), parts));
  return Dim(dim.value() / parts);
}

// Operands as [B, heads, rows, columns].
struct HeadDims {
  Dim batch, heads, rows, columns;
};

HeadDims head_dims(const InferContext& context, std::size_t operand, std::int64_t heads) {
  const Dims& dims = context.dims(operand);
  if (heads == 0) return {dims[0], dims[1], dims[2], dims[3]};
  return {dims[0], Dim(heads), dims[1], part_of(context, dims[2], heads)};
}

}  // namespace

std::optional<Dims> attention_dims(const InferContext& context, std::int64_t heads, std::int64_t kv_heads) {
  const std::int64_t shared = shared_heads(heads, kv_heads);
  if (heads < 0 || kv_heads < 0 || (heads == 0 && kv_heads != 0) || (heads != 0 && heads % shared != 0))
    context.fail(fmt::format("{} heads of queries for {} of keys", heads, kv_heads));
  const bool packed = !context.has(kK) && !context.has(kV);
  if (!packed && (!context.has(kK) || !context.has(kV))) context.fail("keys without values, or the reverse");
  if (packed && heads == 0) context.fail("expected keys and values beside heads that are an axis");
  const std::size_t rank = heads == 0 ? 4 : 3;
  for (const std::size_t i : {kQ, kK, kV}) {
    if (context.has(i)) require_rank(context, i, rank);
  }
  if (!context.has_rank(kQ) || (!packed && (!context.has_rank(kK) || !context.has_rank(kV))))
    return std::nullopt;

  HeadDims q, k, v;
  if (packed) {
    q = head_dims(context, kQ, heads + 2 * shared);
    k = v = q;
    q.heads = Dim(heads);
  } else {
    q = head_dims(context, kQ, heads);
    k = head_dims(context, kK, shared);
    v = head_dims(context, kV, shared);
    merge_dim(context, q.batch, k.batch, "batch of queries and keys:");
    merge_dim(context, q.batch, v.batch, "batch of queries and values:");
    merge_dim(context, k.heads, v.heads, "heads of keys and values:");
    merge_dim(context, k.rows, v.rows, "numbers of keys and values:");
    merge_dim(context, q.columns, k.columns, "depths of queries and keys:");
    if (q.heads.is_const() && k.heads.is_const() &&
        (k.heads.value() == 0 ? q.heads.value() != 0 : q.heads.value() % k.heads.value() != 0)) {
      context.fail(fmt::format("{} heads of queries for {} of keys", q.heads.value(), k.heads.value()));
    }
  }
  if (context.has(kMask) && context.has_rank(kMask)) {
    require_broadcastable_to(context, context.dims(kMask), {q.batch, q.heads, q.rows, k.rows},
                             "a mask of shape");
  }
  if (heads == 0) return Dims{q.batch, q.heads, q.rows, v.columns};
  return Dims{q.batch, q.rows, v.columns.is_const() ? Dim(v.columns.value() * heads) : Dim::unknown()};
}

std::vector<Inference> Attention::infer(InferContext& context) const {
  context.require_inputs(1, 4);
  require_float(context, kQ);
  for (const std::size_t i : {kK, kV, kMask}) {
    if (context.has(i)) context.require_same_dtype(kQ, i);
  }
  return {tensor_type(context.dtype(kQ), attention_dims(context, heads, kv_heads))};
}

std::vector<ValueId> Attention::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  if (causal != Causal::none || shared_heads(*this) != heads) return {};
  const auto dims = [&](ValueId id) { return builder.type(id).as_tensor().dims; };
  const auto at = [&](std::size_t i) { return i < inputs.size() ? inputs[i] : ValueId{}; };
  if (blind_is_zero && at(kMask).valid()) return {};
  ValueId q = inputs[kQ], k = at(kK), v = at(kV);
  const auto shape = [&](std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return builder.add_constant(Tensor::of<std::int64_t>({count}, values));
  };
  if (!k.valid()) {
    const auto parts = builder.add_node(Split{2, std::nullopt, std::nullopt}, {q}, 3);
    q = parts[0];
    k = parts[1];
    v = parts[2];
  }
  if (heads == 0) {
    const auto q_dims = dims(q), k_dims = dims(k);
    if (!q_dims || !k_dims || !provably_equal((*q_dims)[1], (*k_dims)[1])) return {};
  } else {
    for (ValueId* x : {&q, &k, &v}) {
      const auto columns = dims(*x);
      if (!columns || !columns->back().is_const()) return {};
      const std::int64_t depth = columns->back().value() / heads;
      *x = builder.add(Transpose{{0, 2, 1, 3}}, {builder.add(Reshape{}, {*x, shape({0, 0, heads, depth})})});
    }
  }
  MatMul product;
  product.transpose_b = true;
  product.alpha = scale;
  ValueId scores = builder.add(product, {q, k});
  if (at(kMask).valid()) scores = builder.add(binary(PointwiseFn::add), {scores, at(kMask)});
  ValueId y = builder.add(MatMul{}, {builder.add(Softmax{-1}, {scores}), v});
  if (heads == 0) return {y};
  const std::int64_t columns = dims(v)->back().value() * heads;
  y = builder.add(Transpose{{0, 2, 1, 3}}, {y});
  return {builder.add(Reshape{}, {y, shape({0, 0, columns})})};
}

AttentionExtents attention_extents(const Attention& op, std::span<const std::int64_t> q,
                                   std::span<const std::int64_t> k, std::span<const std::int64_t> v) {
  const std::size_t rank = op.heads == 0 ? 4 : 3;
  const bool packed = k.empty() && v.empty();
  TENON_REQUIRE(q.size() == rank && (packed ? op.heads > 0 : k.size() == rank && v.size() == rank),
                "attention: operands of rank {}, {} and {}", q.size(), k.size(), v.size());
  const std::int64_t shared = shared_heads(op);
  AttentionExtents e{};
  if (packed) {
    const std::int64_t parts = op.heads + 2 * shared;
    TENON_REQUIRE(q[2] % parts == 0, "attention: {} columns for {} heads side by side", q[2], parts);
    e = {q[0], op.heads, shared, q[1], q[1], q[2] / parts, q[2] / parts};
  } else if (op.heads == 0) {
    TENON_REQUIRE(k[0] == q[0] && v[0] == q[0] && v[1] == k[1] && v[2] == k[2] && k[3] == q[3],
                  "attention: operands do not fit each other");
    e = {q[0], q[1], k[1], q[2], k[2], q[3], v[3]};
  } else {
    TENON_REQUIRE(k[0] == q[0] && v[0] == q[0] && v[1] == k[1] && q[2] % op.heads == 0 &&
                      k[2] % shared == 0 && v[2] % shared == 0 && q[2] / op.heads == k[2] / shared,
                  "attention: operands do not fit each other");
    e = {q[0], op.heads, shared, q[1], k[1], q[2] / op.heads, v[2] / shared};
  }
  TENON_REQUIRE(e.kv_heads > 0 ? e.heads % e.kv_heads == 0 : e.heads == 0,
                "attention: {} heads of queries for {} of keys", e.heads, e.kv_heads);
  return e;
}

}  // namespace op

void register_op_attention(OpRegistry& registry) { registry.add<op::Attention>(); }

}  // namespace tenon
