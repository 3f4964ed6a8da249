// ai.onnx.ml: linear models and support vector machines.
#include "importers/onnx/ops/ml_common.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/binary.hpp"
#include "ops/matmul.hpp"
#include "ops/pairwise.hpp"
#include "ops/reduce.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx {
namespace {

using Floats = std::vector<float>;

Floats floats(NodeContext& node, std::string_view name) { return node.find_floats(name).value_or(Floats()); }

// rows [N, F] · wᵀ, w [rows of `weights`, F].
ValueId times_transposed(NodeContext& node, ValueId rows, ValueId weights) {
  op::MatMul product;
  product.transpose_b = true;
  return node.add(std::move(product), {rows, weights});
}

// x · coefficientsᵀ + intercepts, [N, targets].
ValueId linear_scores(NodeContext& node, std::int64_t targets, const Floats& coefficients,
                      const Floats& intercepts) {
  const auto count = static_cast<std::int64_t>(coefficients.size());
  if (targets < 1 || count == 0 || count % targets != 0)
    node.fail(fmt::format("{} coefficients for {} targets", count, targets));
  const ValueId rows = ml_rows(node, cast(node, node.input(0), DataType::f32));
  ValueId scores = times_transposed(node, rows, ml_matrix(node, coefficients, targets, count / targets));
  if (!intercepts.empty()) scores = ml_binary(node, PointwiseFn::add, scores, ml_list(node, intercepts));
  return scores;
}

Values linear_regressor(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::int64_t targets = node.attr_int("targets", 1);
  const ValueId scores =
      linear_scores(node, targets, floats(node, "coefficients"), floats(node, "intercepts"));
  return one(ml_transform(node, ml_post_transform(node), scores));
}

// [N, 1] > limit, as the positions 0 and 1.
ValueId exceeds(NodeContext& node, ValueId score, double limit) {
  const ValueId above = ml_binary(node, PointwiseFn::greater, score, add_scalar(node, DataType::f32, limit));
  return reshape(node, cast(node, above, DataType::i64), {-1});
}

Values linear_classifier(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"multi_class"});
  ClassLabels labels = ml_class_labels(node, "classlabels_strings", "classlabels_ints");
  const PostTransform transform = ml_post_transform(node);
  const Floats intercepts = floats(node, "intercepts");
  const std::size_t scored = intercepts.empty() ? labels.size() : intercepts.size();
  const ValueId scores =
      linear_scores(node, static_cast<std::int64_t>(scored), floats(node, "coefficients"), intercepts);
  if (scored != 1) {
    if (scored != labels.size()) node.fail(fmt::format("{} classes with {} labels", scored, labels.size()));
    return {ml_label(node, labels, ml_argmax(node, scores)), ml_transform(node, transform, scores)};
  }
  // One score decides between two classes.
  const bool both = labels.size() == 2;
  if (!both) labels = labels.strings.empty() ? ClassLabels{{}, {0, 1}} : ClassLabels{{"0", "1"}, {}};
  const ValueId label = ml_label(node, labels, exceeds(node, scores, 0));
  if (!both) return {label, ml_transform(node, transform, scores)};
  return {label, ml_both_classes(node, transform, scores, true)};
}

// The kernel function of every row of x with every support vector, [N, vectors].
ValueId kernel(NodeContext& node, ValueId rows, ValueId vectors) {
  enum Kind : std::size_t { kLinear, kPoly, kRbf, kSigmoid };
  const std::size_t kind = node.attr_choice("kernel_type", {"LINEAR", "POLY", "RBF", "SIGMOID"}, kLinear);
  const Floats params = floats(node, "kernel_params");
  if (kind != kLinear && params.size() < 3) node.fail("expected three kernel_params: gamma, coef0, degree");
  if (kind == kRbf) {
    const ValueId distance = node.add(op::SquaredDistance{}, {rows, vectors});
    return ml_unary(node, PointwiseFn::exp, ml_scale(node, distance, -params[0]));
  }
  const ValueId product = times_transposed(node, rows, vectors);
  if (kind == kLinear) return product;
  const ValueId shifted = ml_scale(node, product, params[0], params[1]);
  if (kind == kSigmoid) return ml_unary(node, PointwiseFn::tanh, shifted);
  return ml_binary(node, PointwiseFn::pow, shifted, add_scalar(node, DataType::f32, params[2]));
}

Values svm_regressor(NodeContext& node) {
  node.require_inputs(1, 1);
  const Floats coefficients = floats(node, "coefficients");
  const Floats vectors = floats(node, "support_vectors");
  const Floats rho = floats(node, "rho");
  const std::int64_t supports = node.attr_int("n_supports", 0);
  const bool one_class = node.attr_bool("one_class", false);
  const PostTransform transform = ml_post_transform(node);
  if (rho.empty()) node.fail("expected the attribute 'rho'");
  ValueId features = ml_rows(node, cast(node, node.input(0), DataType::f32));
  if (supports > 0) {
    const auto size = static_cast<std::int64_t>(vectors.size());
    features = kernel(node, features, ml_matrix(node, vectors, supports, size / supports));
  } else {
    node.ignore_attrs({"kernel_type", "kernel_params"});
  }
  const ValueId weights = ml_matrix(node, coefficients, 1, static_cast<std::int64_t>(coefficients.size()));
  ValueId score = ml_scale(node, times_transposed(node, features, weights), 1, rho[0]);
  if (one_class) {
    const ValueId inside = ml_binary(node, PointwiseFn::greater, score, add_scalar(node, DataType::f32, 0));
    score = node.add(op::Where{},
                     {inside, add_scalar(node, DataType::f32, 1), add_scalar(node, DataType::f32, -1)});
  }
  return one(ml_transform(node, transform, score));
}

// What an SVMClassifier with support vectors is made of. Pairs of classes i < j in lexicographic order.
struct PairwiseMachine {
  std::size_t classes = 0, vectors = 0, pairs = 0;
  Ints vectors_per_class;

  // The weights of all vectors in the decision between i and j: [pairs, vectors], row-major.
  Floats weights(const Floats& coefficients) const {
    Floats table(pairs * vectors, 0);
    std::vector<std::size_t> start{0};
    for (const std::int64_t count : vectors_per_class)
      start.push_back(start.back() + static_cast<std::size_t>(count));
    std::size_t pair = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = i + 1; j < classes; ++j, ++pair) {
        // A class's own row is left out of its column of coefficients.
        for (std::size_t v = start[i]; v < start[i + 1]; ++v)
          table[pair * vectors + v] = coefficients[(j - 1) * vectors + v];
        for (std::size_t v = start[j]; v < start[j + 1]; ++v)
          table[pair * vectors + v] = coefficients[i * vectors + v];
      }
    }
    return table;
  }

  // What a decision for i in place of j does to the votes: [pairs, classes] of 1 at i and -1 at j.
  Floats swings() const {
    Floats table(pairs * classes, 0);
    std::size_t pair = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = i + 1; j < classes; ++j, ++pair) {
        table[pair * classes + i] = 1;
        table[pair * classes + j] = -1;
      }
    }
    return table;
  }

  // The votes of each class when every pair decides for its j.
  Floats lower_votes() const {
    Floats votes(classes);
    for (std::size_t j = 0; j < classes; ++j) votes[j] = static_cast<float>(j);
    return votes;
  }
};

PairwiseMachine pairwise_machine(NodeContext& node, std::size_t classes, Ints per_class,
                                 std::size_t coefficients, std::size_t rho) {
  PairwiseMachine machine;
  constexpr std::size_t kMostClasses = 256;  // the tables below grow with its cube
  if (classes < 2 || classes > kMostClasses || per_class.size() != classes)
    node.fail(fmt::format("{} classes with {} vectors_per_class", classes, per_class.size()));
  machine.classes = classes;
  machine.pairs = classes * (classes - 1) / 2;
  for (const std::int64_t count : per_class) {
    if (count < 0 || count > (std::int64_t{1} << 31)) node.fail("a negative number of vectors");
    machine.vectors += static_cast<std::size_t>(count);
  }
  machine.vectors_per_class = std::move(per_class);
  if (coefficients < (classes - 1) * machine.vectors || rho < machine.pairs)
    node.fail("fewer coefficients or rho than its classes and support vectors need");
  return machine;
}

// 1 / (1 + exp(a s + b)) for every pair, kept away from 0 and 1, then one probability per class.
ValueId class_probabilities(NodeContext& node, const PairwiseMachine& machine, ValueId decisions,
                            const Floats& a, const Floats& b) {
  constexpr float kEdge = 1e-7F;
  if (a.size() < machine.pairs || b.size() < machine.pairs) node.fail("fewer prob_a or prob_b than pairs");
  const ValueId slope = ml_list(node, {a.begin(), a.begin() + static_cast<std::ptrdiff_t>(machine.pairs)});
  const ValueId shift = ml_list(node, {b.begin(), b.begin() + static_cast<std::ptrdiff_t>(machine.pairs)});
  const ValueId exponent =
      ml_binary(node, PointwiseFn::add, ml_binary(node, PointwiseFn::mul, decisions, slope), shift);
  const ValueId sure = ml_unary(node, PointwiseFn::sigmoid, ml_unary(node, PointwiseFn::neg, exponent));
  const ValueId probable = node.add(op::unary(PointwiseFn::clip, kEdge, 1 - kEdge), {sure});
  return node.add(op::CoupleProbabilities{static_cast<std::int64_t>(machine.classes)}, {probable});
}

Values svm_with_vectors(NodeContext& node, const ClassLabels& labels, Ints per_class) {
  const Floats coefficients = floats(node, "coefficients");
  const Floats rho = floats(node, "rho");
  const Floats a = floats(node, "prob_a");
  const Floats b = floats(node, "prob_b");
  const Floats vectors = floats(node, "support_vectors");
  const PostTransform transform = ml_post_transform(node);
  const PairwiseMachine machine =
      pairwise_machine(node, labels.size(), std::move(per_class), coefficients.size(), rho.size());
  const auto count = static_cast<std::int64_t>(machine.vectors);
  const auto pairs = static_cast<std::int64_t>(machine.pairs);
  const auto classes = static_cast<std::int64_t>(machine.classes);
  const ValueId rows = ml_rows(node, cast(node, node.input(0), DataType::f32));
  const ValueId similar =
      kernel(node, rows, ml_matrix(node, vectors, count, static_cast<std::int64_t>(vectors.size()) / count));
  ValueId decisions =
      times_transposed(node, similar, ml_matrix(node, machine.weights(coefficients), pairs, count));
  decisions = ml_binary(node, PointwiseFn::add, decisions, ml_list(node, {rho.begin(), rho.begin() + pairs}));

  const ValueId wins =
      cast(node, ml_binary(node, PointwiseFn::greater, decisions, add_scalar(node, DataType::f32, 0)),
           DataType::f32);
  const ValueId swing = node.add(op::MatMul{}, {wins, ml_matrix(node, machine.swings(), pairs, classes)});
  const ValueId votes = ml_binary(node, PointwiseFn::add, swing, ml_list(node, machine.lower_votes()));
  const ValueId label = ml_label(node, labels, ml_argmax(node, votes));
  if (!a.empty())
    return {label, ml_transform(node, transform, class_probabilities(node, machine, decisions, a, b))};
  if (classes > 2) return {label, ml_transform(node, transform, decisions)};
  return {label, ml_both_classes(node, transform, decisions, transform != PostTransform::none)};
}

Values svm_classifier(NodeContext& node) {
  node.require_inputs(1, 1);
  const ClassLabels labels = ml_class_labels(node, "classlabels_strings", "classlabels_ints");
  Ints per_class = node.attr_ints("vectors_per_class");
  if (std::any_of(per_class.begin(), per_class.end(), [](std::int64_t n) { return n != 0; }))
    return svm_with_vectors(node, labels, std::move(per_class));
  // A linear model in other words.
  node.ignore_attrs({"kernel_type", "kernel_params", "support_vectors", "prob_a", "prob_b"});
  const Floats coefficients = floats(node, "coefficients");
  const Floats rho = floats(node, "rho");
  if (rho.empty()) node.fail("expected the attribute 'rho'");
  const ValueId scores = ml_scale(
      node, linear_scores(node, static_cast<std::int64_t>(labels.size()), coefficients, {}), 1, rho[0]);
  ValueId best = ml_argmax(node, scores);
  if (labels.size() == 2) {
    // The second class also wins where the better score is that of a sure "yes".
    const bool positive =
        std::all_of(coefficients.begin(), coefficients.end(), [](float c) { return c >= 0; });
    op::Reduce top;
    top.fn = op::ReduceFn::max;
    top.axes = {1};
    const ValueId score = node.add(std::move(top), {scores});
    const ValueId sure = reshape(node,
                                 ml_binary(node, positive ? PointwiseFn::greater_equal : PointwiseFn::greater,
                                           score, add_scalar(node, DataType::f32, positive ? 0.5 : 0)),
                                 {-1});
    best = node.add(op::Where{}, {sure, node.ints({1}), best});
  }
  return {ml_label(node, labels, best), ml_transform(node, ml_post_transform(node), scores)};
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_ml_linear(onnx::Registry& registry) {
  using onnx::kMlDomain;
  registry.add("LinearClassifier", onnx::linear_classifier, {}, kMlDomain);
  registry.add("LinearRegressor", onnx::linear_regressor, {}, kMlDomain);
  registry.add("SVMClassifier", onnx::svm_classifier, {}, kMlDomain);
  registry.add("SVMRegressor", onnx::svm_regressor, {}, kMlDomain);
}

}  // namespace tenon
