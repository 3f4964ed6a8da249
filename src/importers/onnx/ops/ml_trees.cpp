// ai.onnx.ml: tree ensembles, in the form of version 5 and in the two older ones.
#include "base/half.hpp"
#include "importers/onnx/ops/ml_common.hpp"
#include "importers/onnx/ops/ml_tree_tables.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/tree_ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace tenon::onnx {
namespace {

using op::TreeAggregate;
using op::TreeTest;

// Any numeric tensor as doubles, exactly where its dtype has no more than 53 bits.
std::vector<double> doubles(NodeContext& node, const Tensor& tensor) {
  std::vector<double> values;
  const auto take = [&](auto list) { values.assign(list.begin(), list.end()); };
  switch (tensor.dtype()) {
    case DataType::f32: take(tensor.values<float>()); break;
    case DataType::f64: take(tensor.values<double>()); break;
    case DataType::u8: take(tensor.values<std::uint8_t>()); break;
    case DataType::f16:
      for (const float16 value : tensor.values<float16>()) values.push_back(static_cast<float>(value));
      break;
    default: node.fail(fmt::format("numbers of {}", name(tensor.dtype())));
  }
  return values;
}

// Numbers given as attribute `name`, or as a tensor with more digits in `name`_as_tensor.
struct Numbers {
  std::vector<double> values;
  DataType dtype = DataType::f32;
};

Numbers read_numbers(NodeContext& node, const std::string& name) {
  if (const auto tensor = node.find_tensor(name + "_as_tensor"); tensor && tensor->elements() > 0)
    return {doubles(node, *tensor), tensor->dtype()};
  const auto floats = node.find_floats(name).value_or(std::vector<float>());
  return {{floats.begin(), floats.end()}, DataType::f32};
}

// The older form: nodes of all trees in one list, leaves among them, weights that name their leaf.
struct OldTrees {
  Trees trees;
  Numbers base;
  DataType dtype = DataType::f32;  // what features are compared in
  bool all_positive = true;
  std::set<std::int64_t> targets;
};

class OldTreeReader {
 public:
  OldTreeReader(NodeContext& node, const std::string& prefix) : node_(node), prefix_(prefix) {
    node.ignore_attrs({"nodes_hitrates", "nodes_hitrates_as_tensor"});
    trees_ = node.attr_ints("nodes_treeids");
    ids_ = node.attr_ints("nodes_nodeids");
    features_ = node.attr_ints("nodes_featureids");
    true_ = node.attr_ints("nodes_truenodeids");
    false_ = node.attr_ints("nodes_falsenodeids");
    missing_ = node.attr_ints("nodes_missing_value_tracks_true");
    modes_ = node.find_strings("nodes_modes").value_or(std::vector<std::string>());
    splits_ = read_numbers(node, "nodes_values");
    for (const std::size_t size :
         {ids_.size(), features_.size(), true_.size(), false_.size(), modes_.size(), splits_.values.size()}) {
      if (size != trees_.size()) node.fail("the attributes nodes_… have different lengths");
    }
    if (!missing_.empty() && missing_.size() != trees_.size())
      node.fail("nodes_missing_value_tracks_true has another length than the nodes");
  }

  OldTrees read() {
    index();
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      if (places_[i] >= 0) add_node(i);
    }
    add_weights();
    result_.base = read_numbers(node_, "base_values");
    const bool wide = splits_.dtype == DataType::f64 || result_.base.dtype == DataType::f64 ||
                      result_.dtype == DataType::f64 || node_.dtype(0) == DataType::f64;
    result_.dtype = wide ? DataType::f64 : DataType::f32;
    return std::move(result_);
  }

 private:
  using Key = std::pair<std::int64_t, std::int64_t>;  // tree, node

  // Where every node goes: a node of its own, or ~leaf. A tree begins with its first node.
  void index() {
    std::int64_t nodes = 0;
    std::int64_t leaves = 0;
    std::set<std::int64_t> known;
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      places_.push_back(modes_[i] == "LEAF" ? ~leaves++ : nodes++);
      if (!by_key_.emplace(Key(trees_[i], ids_[i]), places_[i]).second)
        node_.fail(fmt::format("tree {} has two nodes {}", trees_[i], ids_[i]));
      if (known.insert(trees_[i]).second) result_.trees.roots.push_back(places_[i]);
    }
    result_.trees.leaves.resize(static_cast<std::size_t>(leaves));
  }

  std::int64_t find(std::int64_t tree, std::int64_t id) const {
    const auto found = by_key_.find({tree, id});
    if (found == by_key_.end()) node_.fail(fmt::format("tree {} has no node {}", tree, id));
    return found->second;
  }

  void add_node(std::size_t i) {
    static constexpr std::array<std::string_view, 6> kModes = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                               "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
    const auto mode = std::find(kModes.begin(), kModes.end(), modes_[i]);
    if (mode == kModes.end()) node_.fail(fmt::format("a node has the mode '{}'", modes_[i]));
    TreeNode node;
    node.feature = features_[i];
    node.test = static_cast<TreeTest>(mode - kModes.begin());
    node.splits = {splits_.values[i]};
    node.if_true = find(trees_[i], true_[i]);
    node.if_false = find(trees_[i], false_[i]);
    node.missing_is_true = !missing_.empty() && missing_[i] != 0;
    result_.trees.nodes.push_back(std::move(node));
  }

  void add_weights() {
    const Ints trees = node_.attr_ints(prefix_ + "_treeids");
    const Ints nodes = node_.attr_ints(prefix_ + "_nodeids");
    const Ints targets = node_.attr_ints(prefix_ + "_ids");
    const Numbers weights = read_numbers(node_, prefix_ + "_weights");
    result_.dtype = weights.dtype;
    if (trees.size() != nodes.size() || trees.size() != targets.size() ||
        trees.size() != weights.values.size())
      node_.fail(fmt::format("the attributes {}_… have different lengths", prefix_));
    for (std::size_t i = 0; i < trees.size(); ++i) {
      const std::int64_t place = find(trees[i], nodes[i]);
      if (place >= 0)
        node_.fail(fmt::format("node {} of tree {} has a weight and is no leaf", nodes[i], trees[i]));
      result_.trees.leaves[static_cast<std::size_t>(~place)].push_back({targets[i], weights.values[i]});
      result_.targets.insert(targets[i]);
      result_.all_positive = result_.all_positive && weights.values[i] >= 0;
    }
  }

  NodeContext& node_;
  std::string prefix_;
  Ints trees_, ids_, features_, true_, false_, missing_;
  std::vector<std::string> modes_;
  Numbers splits_;
  Ints places_;
  std::map<Key, std::int64_t> by_key_;
  OldTrees result_;
};

// One per target, or one for all.
ValueId add_base(NodeContext& node, ValueId scores, const Numbers& base, std::int64_t targets) {
  if (base.values.empty()) return scores;
  const auto count = static_cast<std::int64_t>(base.values.size());
  if (count != targets && count != 1) node.fail(fmt::format("{} base values for {} targets", count, targets));
  const DataType dtype = node.type_of(scores).as_tensor().dtype;
  const ValueId list = cast(node, node.graph().add_constant(Tensor::of<double>({count}, base.values)), dtype);
  return ml_binary(node, PointwiseFn::add, scores, list);
}

ValueId old_scores(NodeContext& node, const OldTrees& old, std::int64_t count, TreeAggregate aggregate) {
  const ValueId x = ml_rows(node, cast(node, node.input(0), old.dtype));
  return add_trees(node, old.trees, {count, aggregate}, x);
}

Values tree_ensemble_regressor(NodeContext& node) {
  node.require_inputs(1, 1);
  const OldTrees old = OldTreeReader(node, "target").read();
  const std::int64_t targets = node.attr_int("n_targets", 1);
  const auto aggregate = static_cast<TreeAggregate>(
      std::array{1, 0, 2, 3}[node.attr_choice("aggregate_function", {"AVERAGE", "SUM", "MIN", "MAX"}, 1)]);
  ValueId scores = add_base(node, old_scores(node, old, targets, aggregate), old.base, targets);
  scores = cast(node, scores, DataType::f32);
  return one(ml_transform(node, ml_post_transform(node), scores));
}

// Two classes and leaves that score one of them: its score decides, against 0.5 where all weights are
// positive, else against 0.
Values one_score_classifier(NodeContext& node, OldTrees old, const ClassLabels& labels,
                            PostTransform transform) {
  const std::int64_t scored = *old.targets.begin();
  for (auto& leaf : old.trees.leaves) {
    for (LeafEntry& entry : leaf) entry.target = 0;
  }
  if (old.base.values.size() == 2 && (scored == 0 || scored == 1))
    old.base.values = {old.base.values[static_cast<std::size_t>(scored)]};
  const ValueId wide = add_base(node, old_scores(node, old, 1, TreeAggregate::sum), old.base, 1);
  const ValueId score = cast(node, wide, DataType::f32);
  const double limit = old.all_positive ? 0.5 : 0;
  const ValueId above = ml_binary(node, PointwiseFn::greater, score, add_scalar(node, DataType::f32, limit));
  const ValueId label = ml_label(node, labels, reshape(node, cast(node, above, DataType::i64), {-1}));
  if (scored == 1) {
    // The other class stays without a score.
    const ValueId pair = ml_binary(node, PointwiseFn::mul, score, ml_list(node, {0, 1}));
    return {label, ml_transform(node, transform, pair)};
  }
  return {label, ml_both_classes(node, transform, score, old.all_positive)};
}

Values tree_ensemble_classifier(NodeContext& node) {
  node.require_inputs(1, 1);
  ClassLabels labels = ml_class_labels(node, "classlabels_strings", "classlabels_int64s");
  const PostTransform transform = ml_post_transform(node);
  OldTrees old = OldTreeReader(node, "class").read();
  const auto classes = static_cast<std::int64_t>(labels.size());
  if (classes == 2 && old.targets.size() == 1)
    return one_score_classifier(node, std::move(old), labels, transform);
  ValueId scores = add_base(node, old_scores(node, old, classes, TreeAggregate::sum), old.base, classes);
  scores = cast(node, scores, DataType::f32);
  ValueId best = ml_argmax(node, scores);
  if (classes == 1) {
    // "Yes" and "no" of one class.
    if (!labels.strings.empty()) node.fail("one class label that is a text");
    labels.ints = {0, 1};
    const ValueId yes = ml_binary(node, PointwiseFn::greater, scores, add_scalar(node, DataType::f32, 0));
    best = reshape(node, cast(node, yes, DataType::i64), {-1});
  }
  return {ml_label(node, labels, best), ml_transform(node, transform, scores)};
}

// --- version 5 ---

constexpr std::uint8_t kMember = 6;

// The sets of the nodes that test for membership, in the order of the nodes, each ended by NaN.
std::vector<std::vector<double>> member_sets(NodeContext& node, std::size_t wanted) {
  std::vector<std::vector<double>> sets(1);
  if (const auto tensor = node.find_tensor("membership_values")) {
    for (const double value : doubles(node, *tensor)) {
      if (std::isnan(value)) {
        sets.emplace_back();
      } else {
        sets.back().push_back(value);
      }
    }
  }
  if (sets.back().empty()) sets.pop_back();
  if (sets.size() != wanted)
    node.fail(fmt::format("{} sets of membership_values for {} nodes", sets.size(), wanted));
  return sets;
}

std::vector<TreeNode> read_nodes(NodeContext& node) {
  const auto modes = node.find_tensor("nodes_modes");
  const auto splits = node.find_tensor("nodes_splits");
  if (!modes || modes->dtype() != DataType::u8 || !splits)
    node.fail("expected nodes_modes (uint8) and nodes_splits");
  const auto mode = modes->values<std::uint8_t>();
  const std::vector<double> split = doubles(node, *splits);
  const Ints features = node.attr_ints("nodes_featureids");
  const Ints if_true = node.attr_ints("nodes_truenodeids");
  const Ints if_false = node.attr_ints("nodes_falsenodeids");
  const Ints true_leaf = node.attr_ints("nodes_trueleafs");
  const Ints false_leaf = node.attr_ints("nodes_falseleafs");
  const Ints missing = node.attr_ints("nodes_missing_value_tracks_true");
  for (const std::size_t size :
       {split.size(), features.size(), if_true.size(), if_false.size(), true_leaf.size(), false_leaf.size(),
        missing.empty() ? mode.size() : missing.size()}) {
    if (size != mode.size()) node.fail("the attributes nodes_… have different lengths");
  }
  const auto branch = [&](std::int64_t to, std::int64_t leaf) {
    if (to < 0) node.fail("a branch to a negative number");
    return leaf != 0 ? ~to : to;
  };
  const auto sets =
      member_sets(node, static_cast<std::size_t>(std::count(mode.begin(), mode.end(), kMember)));
  auto set = sets.begin();
  std::vector<TreeNode> nodes;
  for (std::size_t i = 0; i < mode.size(); ++i) {
    if (mode[i] > kMember) node.fail(fmt::format("a node has the mode {}", mode[i]));
    const bool member = mode[i] == kMember;
    nodes.push_back({features[i], member ? TreeTest::equal : static_cast<TreeTest>(mode[i]),
                     member ? *set++ : std::vector<double>{split[i]}, branch(if_true[i], true_leaf[i]),
                     branch(if_false[i], false_leaf[i]), !missing.empty() && missing[i] != 0});
  }
  return nodes;
}

Values tree_ensemble(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"nodes_hitrates"});
  Trees trees;
  trees.nodes = read_nodes(node);
  const auto weights = node.find_tensor("leaf_weights");
  if (!weights) node.fail("expected the attribute 'leaf_weights'");
  const std::vector<double> weight = doubles(node, *weights);
  const Ints targets = node.attr_ints("leaf_targetids");
  if (targets.size() != weight.size()) node.fail("leaf_targetids and leaf_weights have different lengths");
  for (std::size_t i = 0; i < weight.size(); ++i) trees.leaves.push_back({{targets[i], weight[i]}});
  trees.roots = node.attr_ints("tree_roots");
  for (std::int64_t& root : trees.roots) {
    // A node whose both ways are the same leaf stands for a tree that is nothing but this leaf.
    if (root < 0 || root >= static_cast<std::int64_t>(trees.nodes.size()))
      node.fail(fmt::format("a tree begins at node {} of {}", root, trees.nodes.size()));
    const TreeNode& first = trees.nodes[static_cast<std::size_t>(root)];
    if (first.if_true < 0 && first.if_true == first.if_false) root = first.if_true;
  }
  const std::int64_t aggregate = node.attr_int("aggregate_function", 1);
  const std::int64_t transform = node.attr_int("post_transform", 0);
  if (aggregate < 0 || aggregate > 3 || transform < 0 || transform > 4)
    node.fail(fmt::format("aggregate_function {} or post_transform {} is none", aggregate, transform));
  op::TreeEnsemble op;
  op.count = node.attr_int("n_targets", 1);
  op.aggregate = std::array{TreeAggregate::average, TreeAggregate::sum, TreeAggregate::min,
                            TreeAggregate::max}[static_cast<std::size_t>(aggregate)];
  const ValueId scores = add_trees(node, trees, op, ml_rows(node, node.input(0)));
  const DataType dtype = node.dtype(0);
  // Transforms are defined on f32.
  if (transform == 0) return one(scores);
  const ValueId transformed =
      ml_transform(node, static_cast<PostTransform>(transform), cast(node, scores, DataType::f32));
  return one(cast(node, transformed, dtype));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_ml_trees(onnx::Registry& registry) {
  using onnx::kMlDomain;
  registry.add("TreeEnsemble", onnx::tree_ensemble, {5}, kMlDomain);
  registry.add("TreeEnsembleClassifier", onnx::tree_ensemble_classifier, {}, kMlDomain);
  registry.add("TreeEnsembleRegressor", onnx::tree_ensemble_regressor, {}, kMlDomain);
}

}  // namespace tenon
