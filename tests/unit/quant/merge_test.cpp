#include "base/random.hpp"
#include "unit/quant/observing.hpp"

#include <tenon/error.hpp>

#include <cmath>

namespace tenon::quant {
namespace {

using test::kFree;
const std::vector<CalibrationRule> kMergedRules = {parse_calibration_rule("entropy-2"),
                                                   parse_calibration_rule("mse")};

test::Batches random_batches() {
  Random random(11);
  test::Batches batches(10);
  for (auto& batch : batches) {
    batch.resize(200);
    const float reach = std::ldexp(1.0F, static_cast<int>(random.below(6)));
    for (float& x : batch) x = random.uniform(-reach, reach);
  }
  return batches;
}

CalibrationTable shard(const test::Batches& batches, std::uint32_t index, std::uint32_t count) {
  test::Batches mine;
  for (std::size_t b = index; b < batches.size(); b += count) mine.push_back(batches[b]);
  CalibrationTable table = test::table_of(mine, kFree);
  table.shard_count = count;
  table.shards = {index};
  choose_ranges(table, kMergedRules);
  return table;
}

TEST(Merge, GivesTheTableOfOneRun) {
  const test::Batches batches = random_batches();
  CalibrationTable whole = test::table_of(batches, kFree);
  choose_ranges(whole, kMergedRules);
  const std::vector<CalibrationTable> one = {shard(batches, 2, 3), shard(batches, 0, 3),
                                             shard(batches, 1, 3)};
  EXPECT_EQ(merge(one).to_text(), whole.to_text());
  // In two steps.
  const std::vector<CalibrationTable> first = {shard(batches, 1, 3), shard(batches, 2, 3)};
  const CalibrationTable partial = merge(first);
  EXPECT_EQ(partial.shards, (std::vector<std::uint32_t>{1, 2}));
  const std::vector<CalibrationTable> second = {CalibrationTable::parse(partial.to_text()),
                                                shard(batches, 0, 3)};
  EXPECT_EQ(merge(second).to_text(), whole.to_text());
}

TEST(Merge, RefusesWhatDoesNotBelongTogether) {
  const test::Batches batches = random_batches();
  const CalibrationTable a = shard(batches, 0, 2);
  const auto refused = [&](CalibrationTable b) {
    const std::vector<CalibrationTable> both = {a, std::move(b)};
    EXPECT_THROW(static_cast<void>(merge(both)), ModelError);
  };
  refused(a);  // twice
  CalibrationTable b = shard(batches, 1, 2);
  b.graph[0] = 'f';
  refused(b);
  b = shard(batches, 1, 2);
  b.mode = CalibrationMode::faithful;
  refused(b);
  b = shard(batches, 1, 2);
  b.finished = false;
  refused(b);
  b = shard(batches, 1, 2);
  b.batch_size = 4;
  refused(b);
  b = shard(batches, 1, 2);
  b.tensors[0].name = "y";
  refused(b);
  refused(shard(batches, 1, 3));
  EXPECT_THROW(static_cast<void>(merge({})), ModelError);
}

}  // namespace
}  // namespace tenon::quant
