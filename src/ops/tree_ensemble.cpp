#include "ops/tree_ensemble.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> TreeEnsemble::infer(InferContext& context) const {
  context.require_inputs(kOperands, kOperands);
  const TensorType& x = plain_tensor(context, kX);
  require_float(context, kX);
  require_rank(context, kX, 2);
  require_same_rows(context);
  for (const std::size_t table : {kNodes, kRoots, kLeaves, kTargets})
    context.require_dtype(table, {DataType::i32});
  for (const std::size_t list : {kSplits, kRoots, kLeaves, kTargets, kWeights})
    require_rank(context, list, 1);
  for (const std::size_t list : {kSplits, kWeights}) context.require_same_dtype(kX, list);
  if (count < 1) context.fail(fmt::format("count is {}, expected 1 or more", count));
  const Dim rows = x.dims ? x.dims->front() : Dim::unknown();
  return {tensor_type(x.dtype, Dims{rows, Dim(count)})};
}

void TreeEnsemble::require_same_rows(const InferContext& context) {
  require_rank(context, kNodes, 2);
  if (context.has_rank(kNodes)) {
    const Dims& nodes = *context.tensor(kNodes).dims;
    if (nodes[1].is_const() && !nodes[1].is_const(4)) context.fail("operand 1: expected 4 columns");
    if (context.has_rank(kSplits))
      static_cast<void>(merge_dim(context, nodes[0], (*context.tensor(kSplits).dims)[0], "nodes and splits"));
  }
  if (context.has_rank(kTargets) && context.has_rank(kWeights)) {
    static_cast<void>(merge_dim(context, (*context.tensor(kTargets).dims)[0],
                                (*context.tensor(kWeights).dims)[0], "targets and weights"));
  }
}

TreeTables TreeTables::read(const Tensor& nodes, const Tensor& roots, const Tensor& leaves,
                            const Tensor& targets, std::int64_t weights, std::int64_t features,
                            std::int64_t count) {
  const TreeTables tables{nodes.values<std::int32_t>(), roots.values<std::int32_t>(),
                          leaves.values<std::int32_t>(), targets.values<std::int32_t>()};
  const auto rows = static_cast<std::int64_t>(tables.nodes.size()) / 4;
  const auto leaf_count = static_cast<std::int64_t>(tables.leaves.size()) - 1;
  const auto check_next = [&](std::int64_t next, std::int64_t from) {
    TENON_REQUIRE(next < 0 ? ~next < leaf_count : next > from && next < rows,
                  "tree_ensemble: node {} leads to {}; there are {} nodes and {} leaves", from, next, rows,
                  leaf_count);
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto node = tables.nodes.subspan(static_cast<std::size_t>(i) * 4, 4);
    TENON_REQUIRE(node[0] >= 0 && node[0] < features, "tree_ensemble: node {} tests feature {} of {}", i,
                  node[0], features);
    const std::int32_t test = node[1] & ~kMissingIsTrue;
    TENON_REQUIRE(test >= 0 && test < kTreeTests, "tree_ensemble: node {} has the test {}", i, node[1]);
    check_next(node[2], i);
    check_next(node[3], i);
  }
  for (const std::int32_t root : tables.roots) check_next(root, -1);
  TENON_REQUIRE(leaf_count >= 0, "tree_ensemble: the table of leaves is empty");
  for (std::size_t i = 0; i < tables.leaves.size(); ++i) {
    const std::int32_t before = i == 0 ? 0 : tables.leaves[i - 1];
    TENON_REQUIRE(tables.leaves[i] >= before && tables.leaves[i] <= weights,
                  "tree_ensemble: leaf {} ends at entry {} of {}", i, tables.leaves[i], weights);
  }
  TENON_REQUIRE(static_cast<std::int64_t>(tables.targets.size()) == weights,
                "tree_ensemble: {} targets and {} weights", tables.targets.size(), weights);
  for (const std::int32_t target : tables.targets)
    TENON_REQUIRE(target >= 0 && target < count, "tree_ensemble: target {} of {}", target, count);
  return tables;
}

}  // namespace op

void register_op_tree_ensemble(OpRegistry& registry) { registry.add<op::TreeEnsemble>(); }

}  // namespace tenon
