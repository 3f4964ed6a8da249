// tree_ensemble: decision trees, each of which sends a row of x to one of its leaves; what the leaves give is
// aggregated per target.
//
//   x        [N, F]; f16, bf16, f32 or f64
//   nodes    i32 [n, 4], a node per row: feature, test, next node if the test holds, next node if not.
//            test = its place in TreeTest, plus kMissingIsTrue where NaN takes the first way. A next node
//            that is ≥ 0 is a row of nodes below this one (so that every walk ends), a negative one is leaf
//            ~next.
//   splits   [n], of x's dtype: what the feature is compared with
//   roots    i32 [T]: where each tree begins, coded as a next node
//   leaves   i32 [m + 1]: leaf i gives the entries leaves[i] … leaves[i + 1] - 1 of
//   targets  i32 [e], in [0, count), and
//   weights  [e], of x's dtype
//
// Result: [N, count] of x's dtype: over all leaves reached the sum, the sum divided by T, the least or the
// greatest weight of each target; 0 where none gives any.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>

namespace tenon::op {

enum class TreeTest : std::uint8_t { less_equal, less, greater_equal, greater, equal, not_equal };
inline constexpr std::int32_t kTreeTests = 6;
inline constexpr std::int32_t kMissingIsTrue = 8;

enum class TreeAggregate : std::uint8_t { sum, average, min, max };
inline constexpr std::array<std::string_view, 4> enum_names(TreeAggregate) {
  return {"sum", "average", "min", "max"};
}

struct TreeEnsemble {
  static constexpr std::string_view kName = "tree_ensemble";
  enum Operand : std::size_t { kX, kNodes, kSplits, kRoots, kLeaves, kTargets, kWeights, kOperands };

  std::int64_t count = 1;
  TreeAggregate aggregate = TreeAggregate::sum;

  static constexpr auto fields() {
    return std::make_tuple(field("count", &TreeEnsemble::count),
                           field("aggregate", &TreeEnsemble::aggregate));
  }
  std::vector<Inference> infer(InferContext& context) const;

 private:
  static void require_same_rows(const InferContext& context);
};

// The operands of a tree_ensemble behind x, checked: nothing in them leads outside of them.
struct TreeTables {
  std::span<const std::int32_t> nodes, roots, leaves, targets;

  // ModelError when `nodes` … `targets` break a rule above, or name a feature of `features` or more.
  static TreeTables read(const Tensor& nodes, const Tensor& roots, const Tensor& leaves,
                         const Tensor& targets, std::int64_t weights, std::int64_t features,
                         std::int64_t count);
};

}  // namespace tenon::op
