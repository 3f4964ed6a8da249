// quantized_attention: the formula, a query at a time.
#include "ops/quantized_attention.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "backends/ref/requantize.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace ref {
namespace {

// Where element [batch, head, row, column] of an operand lies, whose heads are an axis or side by side.
struct HeadIndex {
  bool side_by_side;
  std::int64_t heads, rows, columns;

  std::size_t operator()(std::int64_t b, std::int64_t h, std::int64_t row, std::int64_t column) const {
    const std::int64_t line = side_by_side ? (b * rows + row) * heads + h : (b * heads + h) * rows + row;
    return static_cast<std::size_t>(line * columns + column);
  }
};

void run_quantized_attention(const Op& op, const Call& call) {
  const auto& attention = *op.as<op::QuantizedAttention>();
  const Tensor &q = call.in(0), &k = call.in(1), &v = call.in(2);
  const op::AttentionExtents e =
      op::attention_extents(attention.of_floats(), q.shape(), k.shape(), v.shape());
  const bool side_by_side = attention.heads != 0;
  const std::int64_t v_middle = op::byte_middle(v.dtype());
  const std::vector<std::int64_t> queries = centred_integers(q, attention.q_zero);
  const std::vector<std::int64_t> keys = centred_integers(k, op::byte_middle(k.dtype()));
  const std::vector<std::int64_t> values = centred_integers(v, v_middle);
  const HeadIndex at_query{side_by_side, e.heads, e.queries, e.depth};
  const HeadIndex at_key{side_by_side, e.kv_heads, e.keys, e.depth};
  const HeadIndex at_value{side_by_side, e.kv_heads, e.keys, e.value_depth};
  const HeadIndex at_result{side_by_side, e.heads, e.queries, e.value_depth};
  const bool masked = call.has(3);
  const std::vector<std::int64_t> mask_strides =
      masked ? broadcast_strides(call.in(3).shape(), Shape{e.batch, e.heads, e.queries, e.keys})
             : std::vector<std::int64_t>(4);
  const float offset = static_cast<float>(v_middle - attention.v_zero) * attention.y_multiplier;

  std::vector<float> scores(static_cast<std::size_t>(e.keys));
  for_each_index(Shape{e.batch, e.heads, e.queries}, [&](std::span<const std::int64_t> i) {
    const std::int64_t b = i[0], h = i[1], query = i[2];
    const std::int64_t shared = e.kv_heads == 0 ? 0 : h / (e.heads / e.kv_heads);
    float top = -std::numeric_limits<float>::infinity();
    for (std::int64_t t = 0; t < e.keys; ++t) {
      std::uint32_t sum = 0;
      for (std::int64_t d = 0; d < e.depth; ++d)
        sum += static_cast<std::uint32_t>(queries[at_query(b, h, query, d)] * keys[at_key(b, shared, t, d)]);
      float score = op::scale_sum(static_cast<std::int32_t>(sum), attention.score_multiplier);
      if (masked) {
        const std::int64_t mask_index[] = {b, h, query, t};
        score = score + elements<float>(call.in(3))[static_cast<std::size_t>(dot(mask_index, mask_strides))];
      }
      scores[static_cast<std::size_t>(t)] = score;
      top = std::max(top, score);
    }
    std::uint32_t total = 0;
    std::vector<std::uint32_t> sums(static_cast<std::size_t>(e.value_depth), 0);
    for (std::int64_t t = 0; t < e.keys; ++t) {
      const std::int32_t share = op::share_of_score(scores[static_cast<std::size_t>(t)] - top);
      total += static_cast<std::uint32_t>(share);
      for (std::int64_t c = 0; c < e.value_depth; ++c)
        sums[static_cast<std::size_t>(c)] +=
            static_cast<std::uint32_t>(share * values[at_value(b, shared, t, c)]);
    }
    for (std::int64_t c = 0; c < e.value_depth; ++c) {
      const auto sum = static_cast<std::int32_t>(sums[static_cast<std::size_t>(c)]);
      const float mean =
          op::scale_sum(sum, attention.y_multiplier) / static_cast<float>(static_cast<std::int32_t>(total));
      store_requantized(mean + offset, attention.y_zero, call.out(), at_result(b, h, query, c));
    }
  });
}

}  // namespace
}  // namespace ref

void register_ref_quantized_attention(ref::Registry& registry) {
  registry.add("quantized_attention", ref::run_quantized_attention);
}

}  // namespace tenon
