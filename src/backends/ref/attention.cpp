// attention, as the operators that it is made of, over operands laid out head by head.
#include "ops/attention.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "ops/binary.hpp"
#include "ops/matmul.hpp"
#include "ops/softmax.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace ref {
namespace {

// [B, heads, rows, columns] out of an operand with heads as an axis or side by side from column `first` on;
// head h of the result is head h / repeat of the operand.
Tensor spread_heads(const Tensor& from, bool side_by_side, std::int64_t first, std::int64_t heads,
                    std::int64_t repeat, std::int64_t columns) {
  const Shape& shape = from.shape();
  const std::int64_t rows = shape[side_by_side ? 1 : 2];
  Tensor to(from.dtype(), {shape[0], heads * repeat, rows, columns});
  gather_into(to, from, [&](std::span<const std::int64_t> i) {
    const std::int64_t head = i[1] / repeat;
    return side_by_side ? (i[0] * rows + i[2]) * shape[2] + first + head * columns + i[3]
                        : ((i[0] * heads + head) * rows + i[2]) * columns + i[3];
  });
  return to;
}

Tensor result_of(const Op& op, std::vector<Tensor> operands) {
  const std::vector<Data> data(operands.begin(), operands.end());
  return evaluate(op, data).front().tensor();
}

// Zeros in the rows of `weights` whose scores are all -inf.
void clear_blind(const Tensor& scores, std::int64_t keys, Tensor& weights) {
  const std::vector<double> from = to_doubles(scores);
  std::vector<double> to = to_doubles(weights);
  const auto step = static_cast<std::size_t>(keys);
  for (std::size_t row = 0; row < from.size(); row += step) {
    const auto hidden = [](double x) { return x == -std::numeric_limits<double>::infinity(); };
    if (std::all_of(from.begin() + static_cast<std::ptrdiff_t>(row),
                    from.begin() + static_cast<std::ptrdiff_t>(row + step), hidden)) {
      std::fill_n(to.begin() + static_cast<std::ptrdiff_t>(row), step, 0.0);
    }
  }
  store_doubles(to, weights);
}

void run_attention(const Op& op, const Call& call) {
  const auto& attention = *op.as<op::Attention>();
  const bool packed = !call.has(1);
  const bool side_by_side = attention.heads != 0;
  const Shape none;
  const op::AttentionExtents e = op::attention_extents(
      attention, call.in(0).shape(), packed ? none : call.in(1).shape(), packed ? none : call.in(2).shape());
  const std::int64_t repeat = e.kv_heads == 0 ? 1 : e.heads / e.kv_heads;
  const std::int64_t k_first = packed ? e.heads * e.depth : 0;
  const std::int64_t v_first = packed ? k_first + e.kv_heads * e.depth : 0;
  const Tensor q = spread_heads(call.in(0), side_by_side, 0, e.heads, 1, e.depth);
  const Tensor k = spread_heads(call.in(packed ? 0 : 1), side_by_side, k_first, e.kv_heads, repeat, e.depth);
  const Tensor v =
      spread_heads(call.in(packed ? 0 : 2), side_by_side, v_first, e.kv_heads, repeat, e.value_depth);

  op::MatMul product;
  product.transpose_b = true;
  product.alpha = attention.scale;
  Tensor scores = result_of(product, {q, k});
  if (call.has(3)) scores = result_of(op::binary(PointwiseFn::add), {scores, call.in(3)});
  if (attention.causal != op::Causal::none) {
    const std::int64_t offset = attention.causal == op::Causal::bottom_right ? e.keys - e.queries : 0;
    std::vector<double> values = to_doubles(scores);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      if (at % e.keys > at / e.keys % e.queries + offset)
        values[i] = -std::numeric_limits<double>::infinity();
    }
    store_doubles(values, scores);
  }
  Tensor weights = result_of(op::Softmax{-1}, {scores});
  if (attention.blind_is_zero) clear_blind(scores, e.keys, weights);
  const Tensor y = result_of(op::MatMul{}, {weights, v});
  gather_into(call.out(), y, [&](std::span<const std::int64_t> i) {
    const std::int64_t b = i[0];
    const std::int64_t head = side_by_side ? i[2] / e.value_depth : i[1];
    const std::int64_t row = side_by_side ? i[1] : i[2];
    const std::int64_t column = side_by_side ? i[2] % e.value_depth : i[3];
    return ((b * e.heads + head) * e.queries + row) * e.value_depth + column;
  });
}

}  // namespace
}  // namespace ref

void register_ref_attention(ref::Registry& registry) { registry.add("attention", ref::run_attention); }

}  // namespace tenon
