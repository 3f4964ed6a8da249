#include "ops/tree_ensemble.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/ref.hpp"

namespace tenon {
namespace ref {
namespace {

using op::TreeEnsemble;

bool holds(std::int32_t coded, double x, double split) {
  if (std::isnan(x) && (coded & op::kMissingIsTrue) != 0) return true;
  switch (static_cast<op::TreeTest>(coded & ~op::kMissingIsTrue)) {
    case op::TreeTest::less_equal: return x <= split;
    case op::TreeTest::less: return x < split;
    case op::TreeTest::greater_equal: return x >= split;
    case op::TreeTest::greater: return x > split;
    case op::TreeTest::equal: return x == split;
    case op::TreeTest::not_equal: break;
  }
  return x != split;
}

struct Score {
  double value = 0;
  bool given = false;

  void add(double weight, op::TreeAggregate aggregate) {
    switch (aggregate) {
      case op::TreeAggregate::sum:
      case op::TreeAggregate::average: value += weight; break;
      case op::TreeAggregate::min: value = given ? std::min(value, weight) : weight; break;
      case op::TreeAggregate::max: value = given ? std::max(value, weight) : weight; break;
    }
    given = true;
  }
};

void run_tree_ensemble(const Op& op, const Call& call) {
  const auto& self = *op.as<TreeEnsemble>();
  const Tensor& data = call.in(TreeEnsemble::kX);
  const auto features = static_cast<std::size_t>(data.shape()[1]);
  const auto count = static_cast<std::size_t>(self.count);
  const op::TreeTables tables =
      op::TreeTables::read(call.in(TreeEnsemble::kNodes), call.in(TreeEnsemble::kRoots),
                           call.in(TreeEnsemble::kLeaves), call.in(TreeEnsemble::kTargets),
                           call.in(TreeEnsemble::kWeights).elements(), data.shape()[1], self.count);
  const std::vector<double> x = to_doubles(data);
  const std::vector<double> splits = to_doubles(call.in(TreeEnsemble::kSplits));
  const std::vector<double> weights = to_doubles(call.in(TreeEnsemble::kWeights));
  std::vector<double> results;
  for (std::size_t row = 0; row < static_cast<std::size_t>(data.shape()[0]); ++row) {
    std::vector<Score> scores(count);
    for (std::int32_t next : tables.roots) {
      while (next >= 0) {
        const auto node = tables.nodes.subspan(static_cast<std::size_t>(next) * 4, 4);
        const double value = x[row * features + static_cast<std::size_t>(node[0])];
        next = holds(node[1], value, splits[static_cast<std::size_t>(next)]) ? node[2] : node[3];
      }
      const auto leaf = static_cast<std::size_t>(~next);
      for (auto i = static_cast<std::size_t>(tables.leaves[leaf]);
           i < static_cast<std::size_t>(tables.leaves[leaf + 1]); ++i) {
        scores[static_cast<std::size_t>(tables.targets[i])].add(weights[i], self.aggregate);
      }
    }
    const bool average = self.aggregate == op::TreeAggregate::average && !tables.roots.empty();
    for (const Score& score : scores)
      results.push_back(average ? score.value / static_cast<double>(tables.roots.size()) : score.value);
  }
  store_doubles(results, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_tree_ensemble(ref::Registry& registry) {
  registry.add("tree_ensemble", ref::run_tree_ensemble);
}

}  // namespace tenon
