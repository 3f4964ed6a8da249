// What the converters of the domain ai.onnx.ml share: class labels, post transforms, matrices of numbers.
#pragma once

#include "importers/onnx/converters.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::onnx {

inline constexpr std::string_view kMlDomain = "ai.onnx.ml";

// x as rows: [F] becomes [1, F]; fails for another rank than 1 or 2.
ValueId ml_rows(NodeContext& node, ValueId x);
// A matrix or list as a constant of x's dtype; `values` row-major.
ValueId ml_matrix(NodeContext& node, const std::vector<float>& values, std::int64_t rows,
                  std::int64_t columns, DataType dtype = DataType::f32);
ValueId ml_list(NodeContext& node, const std::vector<float>& values, DataType dtype = DataType::f32);

// a · b and Σ over constants of their dtype, in short.
ValueId ml_binary(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b);
ValueId ml_unary(NodeContext& node, PointwiseFn fn, ValueId a);
ValueId ml_scale(NodeContext& node, ValueId a, double factor, double offset = 0);  // a · factor + offset
ValueId ml_argmax(NodeContext& node, ValueId scores);  // [N, C] → i64[N], the first

enum class PostTransform { none, softmax, logistic, softmax_zero, probit };
PostTransform ml_post_transform(NodeContext& node);  // from the attribute of that name (a text)
// Of scores [N, C].
ValueId ml_transform(NodeContext& node, PostTransform transform, ValueId scores);
// Both classes from the score s [N, 1] of the second: [1 - s, s] where s is a probability, else [-s, s].
// Softmax does nothing then; the other transforms apply.
ValueId ml_both_classes(NodeContext& node, PostTransform transform, ValueId score, bool probability);

// The labels of a classifier: attributes `strings` or `ints`, of which one is given.
struct ClassLabels {
  std::vector<std::string> strings;
  Ints ints;
  std::size_t size() const noexcept { return strings.size() + ints.size(); }
};
ClassLabels ml_class_labels(NodeContext& node, std::string_view strings, std::string_view ints);
// Positions i64[N] → labels; positions are in [0, size).
ValueId ml_label(NodeContext& node, const ClassLabels& labels, ValueId positions);

}  // namespace tenon::onnx
