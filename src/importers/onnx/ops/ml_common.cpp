#include "importers/onnx/ops/ml_common.hpp"

#include "ops/arg_extreme.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/lookup.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <numeric>

namespace tenon::onnx {
namespace {

ValueId along_rows(NodeContext& node, op::ReduceFn fn, ValueId x) {
  op::Reduce reduce;
  reduce.fn = fn;
  reduce.axes = {1};
  return node.add(std::move(reduce), {x});
}

// Scores of 0 stand for classes that were not scored: they get no share.
ValueId softmax_of_scored(NodeContext& node, ValueId x) {
  constexpr double kNone = 1e-7;
  const ValueId top = along_rows(node, op::ReduceFn::max, x);
  const ValueId scored = ml_binary(node, PointwiseFn::greater, ml_unary(node, PointwiseFn::abs, x),
                                   add_scalar(node, DataType::f32, kNone));
  const ValueId shares = ml_unary(node, PointwiseFn::exp, ml_binary(node, PointwiseFn::sub, x, top));
  const ValueId sum = along_rows(node, op::ReduceFn::sum,
                                 node.add(op::Where{}, {scored, shares, add_scalar(node, DataType::f32, 0)}));
  const ValueId unscored = ml_binary(node, PointwiseFn::mul, x,
                                     ml_unary(node, PointwiseFn::exp, ml_unary(node, PointwiseFn::neg, top)));
  return ml_binary(node, PointwiseFn::div, node.add(op::Where{}, {scored, shares, unscored}), sum);
}

// √2 · erf⁻¹(2 p - 1) by S. Winitzki's approximation, which the standard's own implementation uses:
// erf⁻¹(y) ≈ sign(y) √(√(v² - l / a) - v), l = ln(1 - y²), v = 2 / (π a) + l / 2, a = 0.147.
ValueId probit(NodeContext& node, ValueId p) {
  constexpr double kA = 0.147;
  constexpr double kPi = 3.14159;
  const ValueId y = ml_scale(node, p, 2, -1);
  const ValueId log =
      ml_unary(node, PointwiseFn::log, ml_scale(node, ml_unary(node, PointwiseFn::square, y), -1, 1));
  const ValueId v = ml_scale(node, log, 0.5, 2 / (kPi * kA));
  const ValueId rest = ml_scale(node, log, -1 / kA);
  const ValueId root =
      ml_unary(node, PointwiseFn::sqrt,
               ml_binary(node, PointwiseFn::add, ml_unary(node, PointwiseFn::square, v), rest));
  const ValueId size = ml_unary(node, PointwiseFn::sqrt, ml_binary(node, PointwiseFn::sub, root, v));
  return ml_scale(node, ml_binary(node, PointwiseFn::mul, ml_unary(node, PointwiseFn::sign, y), size),
                  1.41421356);
}

}  // namespace

ValueId ml_rows(NodeContext& node, ValueId x) {
  const auto& dims = node.type_of(x).as_tensor().dims;
  if (!dims) return x;
  if (dims->size() == 1) return reshape(node, x, {1, -1});
  if (dims->size() != 2) node.fail(fmt::format("expected rank 1 or 2, found rank {}", dims->size()));
  return x;
}

ValueId ml_list(NodeContext& node, const std::vector<float>& values, DataType dtype) {
  return cast(
      node, node.graph().add_constant(Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values)),
      dtype);
}

ValueId ml_matrix(NodeContext& node, const std::vector<float>& values, std::int64_t rows,
                  std::int64_t columns, DataType dtype) {
  if (rows < 0 || columns < 0 || rows * columns != static_cast<std::int64_t>(values.size()))
    node.fail(fmt::format("{} numbers are no matrix of {} x {}", values.size(), rows, columns));
  return cast(node, node.graph().add_constant(Tensor::of<float>({rows, columns}, values)), dtype);
}

ValueId ml_binary(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b) {
  return node.add(op::binary(fn), {a, b});
}

ValueId ml_unary(NodeContext& node, PointwiseFn fn, ValueId a) { return node.add(op::unary(fn), {a}); }

ValueId ml_scale(NodeContext& node, ValueId a, double factor, double offset) {
  const DataType dtype = node.type_of(a).as_tensor().dtype;
  if (factor != 1) a = ml_binary(node, PointwiseFn::mul, a, add_scalar(node, dtype, factor));
  return offset == 0 ? a : ml_binary(node, PointwiseFn::add, a, add_scalar(node, dtype, offset));
}

ValueId ml_argmax(NodeContext& node, ValueId scores) {
  op::ArgMax op;
  op.axis = 1;
  op.keep_dims = false;
  return node.add(op, {scores});
}

PostTransform ml_post_transform(NodeContext& node) {
  return static_cast<PostTransform>(
      node.attr_choice("post_transform", {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}, 0));
}

ValueId ml_transform(NodeContext& node, PostTransform transform, ValueId scores) {
  switch (transform) {
    case PostTransform::none: break;
    case PostTransform::softmax: return node.add(op::Softmax{1}, {scores});
    case PostTransform::logistic: return ml_unary(node, PointwiseFn::sigmoid, scores);
    case PostTransform::softmax_zero: return softmax_of_scored(node, scores);
    case PostTransform::probit: return probit(node, scores);
  }
  return scores;
}

ValueId ml_both_classes(NodeContext& node, PostTransform transform, ValueId score, bool probability) {
  const bool logistic = transform == PostTransform::logistic;
  const bool complement = !logistic && (probability || transform == PostTransform::probit);
  const ValueId other = complement ? ml_scale(node, score, -1, 1) : ml_unary(node, PointwiseFn::neg, score);
  const ValueId pair = node.add(op::Concat{1}, {other, score});
  return logistic || transform == PostTransform::probit ? ml_transform(node, transform, pair) : pair;
}

ClassLabels ml_class_labels(NodeContext& node, std::string_view strings, std::string_view ints) {
  ClassLabels labels{node.find_strings(strings).value_or(std::vector<std::string>()), node.attr_ints(ints)};
  if (labels.strings.empty() == labels.ints.empty())
    node.fail(fmt::format("expected one of the attributes '{}' and '{}'", strings, ints));
  return labels;
}

ValueId ml_label(NodeContext& node, const ClassLabels& labels, ValueId positions) {
  op::Lookup lookup;
  Ints places(labels.size());
  std::iota(places.begin(), places.end(), 0);
  lookup.keys = Tensor::of<std::int64_t>({static_cast<std::int64_t>(places.size())}, places);
  lookup.string_values = labels.strings;
  if (!labels.ints.empty())
    lookup.values = Tensor::of<std::int64_t>({static_cast<std::int64_t>(labels.ints.size())}, labels.ints);
  return node.add(std::move(lookup), {positions});
}

}  // namespace tenon::onnx
