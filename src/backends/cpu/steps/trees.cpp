// "cpu.trees": x [N, F] → [N, @count] through the trees in the weights, which are the operands of
// op::TreeEnsemble behind x, in their order.
#include "backends/cpu/kernels/trees/trees.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/tree_ensemble.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace cpu {
namespace {

using op::TreeEnsemble;

struct TreesState final : StepState {
  TreesArgs args;
};

class TreesStep final : public Step {
 public:
  explicit TreesStep(const StepInit& init)
      : count_(int_param(init.params, "@count")), aggregate_(int_param(init.params, "@aggregate")) {
    require_counts(init, kKind, 1, 1, TreeEnsemble::kOperands - 1);
    require_tensors(init, kKind, Layout(), DataType::f32);
    TENON_REQUIRE(count_ >= 1 && count_ <= kMostTreeTargets && aggregate_ >= 0 && aggregate_ < 4,
                  "{}: {} targets, aggregate {}", kKind, count_, aggregate_);
    const auto weight = [&](std::size_t operand) -> const Tensor& { return init.weights[operand - 1]; };
    for (const std::size_t list : {TreeEnsemble::kSplits, TreeEnsemble::kWeights})
      require_weight(weight(list), kKind, DataType::f32, static_cast<std::size_t>(weight(list).elements()));
    splits_ = weight(TreeEnsemble::kSplits);
    weights_ = weight(TreeEnsemble::kWeights);
    leaves_ = weight(TreeEnsemble::kLeaves);
    targets_ = weight(TreeEnsemble::kTargets);
    tables_ =
        op::TreeTables::read(weight(TreeEnsemble::kNodes), weight(TreeEnsemble::kRoots), leaves_, targets_,
                             weights_.elements(), std::numeric_limits<std::int32_t>::max(), count_);
    TENON_REQUIRE(splits_.elements() * 4 == static_cast<std::int64_t>(tables_.nodes.size()),
                  "{}: {} splits for {} nodes", kKind, splits_.elements(), tables_.nodes.size() / 4);
    flatten();
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return static_cast<std::size_t>(trees_scratch_bytes(count_)) * static_cast<std::size_t>(shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const Shape& y = shape_at(shapes.outputs, 0, kKind);
    TENON_REQUIRE(x.size() == 2 && y.size() == 2 && x[0] == y[0] && y[1] == count_,
                  "{}: operand and result do not fit", kKind);
    TENON_REQUIRE(x[1] >= features_, "tree_ensemble: a node tests feature {} of {}", features_ - 1, x[1]);
    auto state = std::make_unique<TreesState>();
    state->args = {nullptr,
                   nullptr,
                   x[0],
                   x[1],
                   count_,
                   nodes_,
                   roots_,
                   tables_.leaves,
                   tables_.targets,
                   weights_.values<float>(),
                   static_cast<TreeSum>(aggregate_),
                   plain_};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    TreesArgs args = static_cast<const TreesState&>(*call.state).args;
    args.x = call.inputs[0]->as<float>();
    args.y = call.outputs[0]->as<float>();
    trees_run(args, call.scratch, *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.trees";

  // The nodes, then a node per leaf.
  void flatten() {
    const std::size_t inner = tables_.nodes.size() / 4;
    const auto place = [&](std::int32_t next) {
      return next >= 0 ? next : static_cast<std::int32_t>(inner) + ~next;
    };
    const auto splits = splits_.values<float>();
    nodes_.reserve(inner + tables_.leaves.size());
    for (std::size_t i = 0; i < inner; ++i) {
      const auto row = tables_.nodes.subspan(i * 4, 4);
      TreeNode node;
      node.feature = row[0];
      node.test = static_cast<std::uint8_t>(row[1] & ~op::kMissingIsTrue);
      node.missing_is_true = (row[1] & op::kMissingIsTrue) != 0;
      node.split = splits[i];
      node.way[0] = place(row[3]);
      node.way[1] = place(row[2]);
      features_ = std::max<std::int64_t>(features_, node.feature + std::int64_t{1});
      plain_ = plain_ && node.test == static_cast<std::uint8_t>(op::TreeTest::less_equal) &&
               node.missing_is_true == 0;
      nodes_.push_back(node);
    }
    for (std::size_t leaf = 0; leaf + 1 < tables_.leaves.size(); ++leaf) {
      const auto self = static_cast<std::int32_t>(inner + leaf);
      TreeNode node;
      node.way[0] = node.way[1] = self;
      node.leaf = static_cast<std::int32_t>(leaf);
      nodes_.push_back(node);
    }
    for (const std::int32_t root : tables_.roots) roots_.push_back(place(root));
  }

  std::int64_t count_, aggregate_;
  Tensor splits_, weights_, leaves_, targets_;
  op::TreeTables tables_;  // into the step's weights, which the engine keeps
  std::vector<TreeNode> nodes_;
  std::vector<std::int32_t> roots_;
  std::int64_t features_ = 1;  // a leaf looks at the first one, too
  bool plain_ = true;
};

std::unique_ptr<Step> make_trees(const StepInit& init) { return std::make_unique<TreesStep>(init); }

}  // namespace
}  // namespace cpu

void register_cpu_step_trees(StepRegistry& registry) { registry.add("cpu.trees", cpu::make_trees); }

}  // namespace tenon
