// Decision trees as a model file describes them, and the tables of op::TreeEnsemble made of them.
#pragma once

#include "importers/onnx/node_context.hpp"
#include "ops/tree_ensemble.hpp"

#include <cstdint>
#include <vector>

namespace tenon::onnx {

struct TreeNode {
  std::int64_t feature = 0;
  op::TreeTest test = op::TreeTest::less_equal;
  std::vector<double> splits;              // more than one: the test is equality with any of them
  std::int64_t if_true = 0, if_false = 0;  // a node, or ~leaf
  bool missing_is_true = false;
};

struct LeafEntry {
  std::int64_t target = 0;
  double weight = 0;
};

struct Trees {
  std::vector<TreeNode> nodes;
  std::vector<std::int64_t> roots;  // a node, or ~leaf
  std::vector<std::vector<LeafEntry>> leaves;
};

// Adds the operator for x [N, F], with tables of x's dtype. Fails where the trees have a cycle, lead nowhere
// or are too many.
ValueId add_trees(NodeContext& node, const Trees& trees, op::TreeEnsemble op, ValueId x);

}  // namespace tenon::onnx
