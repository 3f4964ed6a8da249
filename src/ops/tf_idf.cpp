#include "ops/tf_idf.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> TfIdf::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::i32, DataType::i64, DataType::string});
  require_max_rank(context, 0, 2);
  const bool texts = context.dtype(0) == DataType::string;
  if (texts ? !integers.empty() : !strings.empty())
    context.fail(fmt::format("x is {}, and the pool is not", name(context.dtype(0))));
  if (min_length < 1 || max_length < min_length || max_skip < 0)
    context.fail(
        fmt::format("n-grams of {} to {} elements with {} skipped", min_length, max_length, max_skip));
  const auto pool = static_cast<std::int64_t>(texts ? strings.size() : integers.size());
  std::int64_t ngrams = 0;
  for (std::size_t i = 0; i < ngram_counts.size(); ++i) {
    const std::int64_t end = i + 1 < ngram_counts.size() ? ngram_counts[i + 1] : pool;
    const auto length = static_cast<std::int64_t>(i) + 1;
    if (ngram_counts[i] < 0 || end < ngram_counts[i] || end > pool || (end - ngram_counts[i]) % length != 0)
      context.fail(
          fmt::format("ngram_counts [{}] do not divide a pool of {}", fmt::join(ngram_counts, ", "), pool));
    ngrams += (end - ngram_counts[i]) / length;
  }
  if (ngrams != static_cast<std::int64_t>(ngram_indexes.size()))
    context.fail(fmt::format("the pool has {} n-grams, ngram_indexes {}", ngrams, ngram_indexes.size()));
  if (ngram_indexes.empty()) context.fail("the pool is empty");
  const auto [low, high] = std::minmax_element(ngram_indexes.begin(), ngram_indexes.end());
  if (*low < 0 || *high >= kMaxGeometry)
    context.fail(fmt::format("ngram_indexes reach from {} to {}", *low, *high));
  if (!weights.empty() && static_cast<std::int64_t>(weights.size()) <= *high)
    context.fail(fmt::format("{} weights for {} results", weights.size(), *high + 1));
  if (!context.has_rank(0)) return {tensor_type(DataType::f32, {})};
  Dims dims{*high + 1};
  if (context.dims(0).size() == 2) dims.insert(dims.begin(), context.dims(0)[0]);
  return {tensor_type(DataType::f32, std::move(dims))};
}

}  // namespace op

void register_op_tf_idf(OpRegistry& registry) { registry.add<op::TfIdf>(); }

}  // namespace tenon
