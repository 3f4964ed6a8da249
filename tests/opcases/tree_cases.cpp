#include "opcases/case.hpp"
#include "ops/tree_ensemble.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

constexpr int kFeatures = 5;
constexpr int kTargets = 3;

CaseOperand table(std::vector<std::int64_t> values, Dims dims) {
  return {DataType::i32, std::move(dims), true, true, 0, 0, std::move(values)};
}

// Complete trees of `depth` levels, and one that is a leaf. Leaf i gives i % 3 entries.
OpCase trees(const std::string& name, op::TreeAggregate aggregate, bool all_tests, int depth) {
  constexpr int kTrees = 4;
  std::vector<std::int64_t> nodes, roots, leaves{0}, targets;
  const int inner = (1 << depth) - 1;
  const int leaves_per_tree = inner + 1;
  for (int tree = 0; tree < kTrees; ++tree) {
    const int first = tree * inner;
    roots.push_back(first);
    for (int i = 0; i < inner; ++i) {
      const auto next = [&](int child) {
        return child < inner ? first + child : ~(tree * leaves_per_tree + child - inner);
      };
      const int test = all_tests ? (first + i) % op::kTreeTests : 0;
      const int missing = all_tests && i % 2 == 0 ? op::kMissingIsTrue : 0;
      const std::vector<std::int64_t> row = {(first + 2 * i) % kFeatures, test + missing, next(2 * i + 1),
                                             next(2 * i + 2)};
      nodes.insert(nodes.end(), row.begin(), row.end());
    }
  }
  for (int leaf = 0; leaf <= kTrees * leaves_per_tree; ++leaf) {
    for (int entry = 0; entry < leaf % 3; ++entry) targets.push_back((leaf + entry) % kTargets);
    leaves.push_back(static_cast<std::int64_t>(targets.size()));
  }
  roots.push_back(~(kTrees * leaves_per_tree));
  const auto size = [](const auto& list) { return Dims{Dim(static_cast<std::int64_t>(list.size()))}; };
  const Dims rows{Dim(kTrees * inner)}, node_dims{Dim(kTrees * inner), Dim(4)};
  const Dims root_dims = size(roots), leaf_dims = size(leaves), entry_dims = size(targets);
  return {fmt::format("tree_ensemble_{}", name),
          op::TreeEnsemble{kTargets, aggregate},
          {input({symbol("S"), kFeatures}), table(std::move(nodes), node_dims), weight(rows),
           table(std::move(roots), root_dims), table(std::move(leaves), leaf_dims),
           table(std::move(targets), entry_dims), weight(entry_dims)},
          kTrees + 1};
}

}  // namespace

void add_tree_cases(std::vector<OpCase>& cases) {
  cases.push_back(trees("plain", op::TreeAggregate::sum, false, 5));
  cases.push_back(trees("every_test", op::TreeAggregate::average, true, 3));
  cases.push_back(trees("least", op::TreeAggregate::min, true, 1));
  cases.push_back(trees("greatest", op::TreeAggregate::max, false, 2));
}

}  // namespace tenon::test
