#include "importers/onnx/ops/ml_tree_tables.hpp"

#include "importers/onnx/ops/ml_common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::onnx {
namespace {

// Far below where i32 ends, as one node may become several rows.
constexpr std::size_t kMostRows = std::size_t{1} << 28;

class TableMaker {
 public:
  TableMaker(const NodeContext& node, const Trees& trees) : node_(node), trees_(trees) {}

  void make() {
    const std::vector<std::size_t> order = parents_first();
    rows_of_.assign(trees_.nodes.size(), 0);
    std::size_t rows = 0;
    for (const std::size_t source : order) {
      rows_of_[source] = static_cast<std::int32_t>(rows);
      rows += std::max<std::size_t>(trees_.nodes[source].splits.size(), 1);
      if (rows > kMostRows) node_.fail("too many nodes");
    }
    for (const std::size_t source : order) add_rows(trees_.nodes[source]);
    for (const std::int64_t root : trees_.roots) roots.push_back(next(root));
    leaves.push_back(0);
    for (const auto& leaf : trees_.leaves) {
      for (const LeafEntry& entry : leaf) {
        targets.push_back(static_cast<std::int32_t>(entry.target));
        weights.push_back(entry.weight);
      }
      leaves.push_back(static_cast<std::int32_t>(targets.size()));
    }
  }

  std::vector<std::int32_t> nodes, roots, leaves, targets;
  std::vector<double> splits, weights;

 private:
  enum class Seen : std::uint8_t { no, open, done };

  void check(std::int64_t at) const {
    const std::size_t limit = at < 0 ? trees_.leaves.size() : trees_.nodes.size();
    if (static_cast<std::uint64_t>(at < 0 ? ~at : at) >= limit)
      node_.fail(
          fmt::format("a branch leads to {} {} of {}", at < 0 ? "leaf" : "node", at < 0 ? ~at : at, limit));
  }

  // Every node that a root leads to, in an order where a node comes before those it leads to, and its first
  // way right behind it. A stack of its own: trees may be deep.
  std::vector<std::size_t> parents_first() const {
    std::vector<Seen> seen(trees_.nodes.size(), Seen::no);
    std::vector<std::size_t> order;
    std::vector<std::size_t> stack;
    const auto push = [&](std::int64_t at) {
      check(at);
      if (at < 0 || seen[static_cast<std::size_t>(at)] == Seen::done) return;
      if (seen[static_cast<std::size_t>(at)] == Seen::open) node_.fail("the nodes of a tree form a cycle");
      stack.push_back(static_cast<std::size_t>(at));
    };
    for (auto root = trees_.roots.rbegin(); root != trees_.roots.rend(); ++root) {
      push(*root);
      while (!stack.empty()) {
        const std::size_t top = stack.back();
        if (seen[top] == Seen::no) {
          seen[top] = Seen::open;
          push(trees_.nodes[top].if_true);
          push(trees_.nodes[top].if_false);
          continue;
        }
        stack.pop_back();
        if (seen[top] == Seen::open) order.push_back(top);
        seen[top] = Seen::done;
      }
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  std::int32_t next(std::int64_t at) const {
    return at < 0 ? static_cast<std::int32_t>(at) : rows_of_[static_cast<std::size_t>(at)];
  }

  void add_rows(const TreeNode& source) {
    const std::size_t count = std::max<std::size_t>(source.splits.size(), 1);
    if (source.feature < 0 || source.feature > std::numeric_limits<std::int32_t>::max())
      node_.fail(fmt::format("a node tests feature {}", source.feature));
    for (std::size_t i = 0; i < count; ++i) {
      const auto below = static_cast<std::int32_t>(splits.size() + 1);
      nodes.push_back(static_cast<std::int32_t>(source.feature));
      nodes.push_back(static_cast<std::int32_t>(source.test) +
                      (source.missing_is_true ? op::kMissingIsTrue : 0));
      nodes.push_back(next(source.if_true));
      nodes.push_back(i + 1 < count ? below : next(source.if_false));
      // Nothing is equal to NaN.
      splits.push_back(source.splits.empty() ? std::numeric_limits<double>::quiet_NaN() : source.splits[i]);
    }
  }

  const NodeContext& node_;
  const Trees& trees_;
  std::vector<std::int32_t> rows_of_;
};

ValueId table(NodeContext& node, const std::vector<std::int32_t>& values, Shape shape) {
  return node.graph().add_constant(Tensor::of<std::int32_t>(std::move(shape), values));
}

ValueId numbers(NodeContext& node, const std::vector<double>& values, DataType dtype) {
  return cast(
      node, node.graph().add_constant(Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values)),
      dtype);
}

}  // namespace

ValueId add_trees(NodeContext& node, const Trees& trees, op::TreeEnsemble op, ValueId x) {
  std::size_t entries = 0;
  for (const auto& leaf : trees.leaves) {
    entries += leaf.size();
    for (const LeafEntry& entry : leaf) {
      if (entry.target < 0 || entry.target >= op.count)
        node.fail(fmt::format("a leaf gives to target {} of {}", entry.target, op.count));
    }
  }
  if (entries > kMostRows || trees.leaves.size() > kMostRows) node.fail("too many leaves");
  TableMaker maker(node, trees);
  maker.make();
  const auto size = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
  const DataType dtype = node.type_of(x).as_tensor().dtype;
  return node.add(
      op, {x, table(node, maker.nodes, {size(maker.splits), 4}), numbers(node, maker.splits, dtype),
           table(node, maker.roots, {size(maker.roots)}), table(node, maker.leaves, {size(maker.leaves)}),
           table(node, maker.targets, {size(maker.targets)}), numbers(node, maker.weights, dtype)});
}

}  // namespace tenon::onnx
