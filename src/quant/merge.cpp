#include "base/check.hpp"
#include "base/text.hpp"
#include "quant/histogram.hpp"

#include <tenon/calibration_table.hpp>

#include <algorithm>

namespace tenon {
namespace {

void demand_same_calibration(const CalibrationTable& a, const CalibrationTable& b) {
  TENON_REQUIRE(a.graph == b.graph, "the tables are of different networks: {} ({}) and {} ({})",
                quote(a.network), a.graph, quote(b.network), b.graph);
  TENON_REQUIRE(
      a.fused == b.fused && a.batch_size == b.batch_size && a.shard_count == b.shard_count,
      "the tables are of different calibrations: {}, batches of {}, {} shards; and {}, batches of {}, "
      "{} shards",
      a.fused ? "fused" : "unfused", a.batch_size, a.shard_count, b.fused ? "fused" : "unfused", b.batch_size,
      b.shard_count);
  const bool same = std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                               [](const CalibratedTensor& x, const CalibratedTensor& y) {
                                 return x.name == y.name && x.dtype == y.dtype;
                               });
  TENON_REQUIRE(same, "the tables name different tensors");
}

void demand_mergeable(const CalibrationTable& table) {
  TENON_REQUIRE(table.finished, "one of the tables is unfinished: resume its calibration first");
  TENON_REQUIRE(table.mode == CalibrationMode::order_independent,
                "a table of the faithful mode depends on the order of its batches and cannot be merged");
}

void add(CalibratedTensor& to, const CalibratedTensor& from) {
  if (from.elements == 0) return;
  quant::note_extremes(to, from.min, from.max, from.elements);
  TensorHistogram more = from.histogram;
  const float width = std::max(to.histogram.width, more.width);
  quant::widen(to.histogram, width);
  quant::widen(more, width);
  for (std::size_t i = 0; i < TensorHistogram::kBins; ++i) {
    to.histogram.negative[i] += more.negative[i];
    to.histogram.positive[i] += more.positive[i];
  }
}

}  // namespace

CalibrationTable merge(std::span<const CalibrationTable> tables) {
  TENON_REQUIRE(!tables.empty(), "there is no table to merge");
  CalibrationTable sum = tables[0];
  demand_mergeable(sum);
  for (const CalibrationTable& table : tables.subspan(1)) {
    demand_mergeable(table);
    demand_same_calibration(sum, table);
    for (const std::uint32_t shard : table.shards) {
      TENON_REQUIRE(std::find(sum.shards.begin(), sum.shards.end(), shard) == sum.shards.end(),
                    "shard {} of {} is there twice", shard + 1, sum.shard_count);
      sum.shards.push_back(shard);
    }
    sum.batches += table.batches;
    for (std::size_t i = 0; i < sum.tensors.size(); ++i) add(sum.tensors[i], table.tensors[i]);
  }
  std::sort(sum.shards.begin(), sum.shards.end());
  if (sum.shards.size() == sum.shard_count) {
    sum.shards = {0};
    sum.shard_count = 1;
  }
  std::vector<CalibrationRule> rules;
  for (const CalibratedTensor& tensor : tables[0].tensors) {
    for (const TensorRange& range : tensor.ranges) {
      if (std::find(rules.begin(), rules.end(), range.rule) == rules.end()) rules.push_back(range.rule);
    }
  }
  choose_ranges(sum, rules);
  return sum;
}

}  // namespace tenon
