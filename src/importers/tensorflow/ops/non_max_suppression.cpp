// Non-maximum suppression in all its versions.
#include "ops/non_max_suppression.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/gather_nd.hpp"
#include "ops/pad.hpp"
#include "ops/reduce.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/top_k.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;

struct Thresholds {
  ValueId overlap;
  ValueId score;  // invalid: none
};

// Positions of the boxes that stay, i64[selected]; boxes [n, 4], scores [n].
ValueId select_boxes(NodeContext& node, ValueId most, const Thresholds& thresholds) {
  const ValueId boxes = unsqueeze(node, cast(node, node.input(0), DataType::f32), {0});
  const ValueId scores = unsqueeze(node, cast(node, node.input(1), DataType::f32), {0, 1});
  Values operands = {boxes, scores, most, cast(node, thresholds.overlap, DataType::f32)};
  if (thresholds.score.valid()) operands.push_back(cast(node, thresholds.score, DataType::f32));
  const ValueId rows = node.add(op::NonMaxSuppression{}, std::move(operands));
  return squeeze(node, slice(node, rows, {1}, {2}, {3}), {1});
}

Values suppress(NodeContext& node, const Thresholds& thresholds) {
  return one(
      cast(node, select_boxes(node, as_operand(node, ints_operand(node, 2)), thresholds), DataType::i32));
}

Values nms_v1(NodeContext& node) {
  node.require_inputs(3);
  return suppress(node, {scalar(node, DataType::f32, node.attr_float("iou_threshold", 0.5F)), {}});
}

Values nms_v2(NodeContext& node) {
  node.require_inputs(4);
  return suppress(node, {node.input(3), {}});
}

Values nms_v3(NodeContext& node) {
  node.require_inputs(5);
  return suppress(node, {node.input(3), node.input(4)});
}

// The selected rows filled up with zeros to the number that was asked for.
ValueId filled_up(NodeContext& node, ValueId selected, ValueId most) {
  const ValueId missing = binary(node, Fn::sub, most, dim_of(node, selected, 0));
  const ValueId pads = concat(node, {node.ints({0}), binary(node, Fn::max, missing, node.ints({0}))}, 0);
  return node.add(op::Pad{}, {selected, pads});
}

Values nms_v4(NodeContext& node) {
  node.require_inputs(5);
  const bool fills = node.attr_bool("pad_to_max_output_size", false);
  const ValueId most = as_operand(node, ints_operand(node, 2));
  const ValueId selected = select_boxes(node, most, {node.input(3), node.input(4)});
  const ValueId count = squeeze(node, dim_of(node, selected, 0), {0});
  const ValueId shown = fills ? filled_up(node, selected, most) : selected;
  return {cast(node, shown, DataType::i32), cast(node, count, DataType::i32)};
}

Values nms_v5(NodeContext& node) {
  node.require_inputs(6);
  if (node.require_number(5, "soft_nms_sigma") != 0)
    node.fail("soft suppression (soft_nms_sigma) is not supported");
  const bool fills = node.attr_bool("pad_to_max_output_size", false);
  const ValueId most = as_operand(node, ints_operand(node, 2));
  const ValueId selected = select_boxes(node, most, {node.input(3), node.input(4)});
  const ValueId scores = gather(node, node.input(1), selected, 0);
  const ValueId count = squeeze(node, dim_of(node, selected, 0), {0});
  return {cast(node, fills ? filled_up(node, selected, most) : selected, DataType::i32),
          fills ? filled_up(node, scores, most) : scores, cast(node, count, DataType::i32)};
}

// Per picture and class, then the best of all classes. Boxes [batch, n, 1 or classes, 4], scores [batch, n,
// classes].
//
// What was selected keeps its score in a table [batch, classes · n], everything else gets the lowest number;
// the best rows of the table are the result.
Values combined(NodeContext& node) {
  node.require_inputs(6);
  const bool per_class = node.attr_bool("pad_per_class", false);
  const bool clips = node.attr_bool("clip_boxes", true);
  const Dims* boxes_dims = node.dims(0);
  const Dims* scores_dims = node.dims(1);
  if (boxes_dims == nullptr || boxes_dims->size() != 4 || scores_dims == nullptr || scores_dims->size() != 3)
    node.fail("boxes must have rank 4 and scores rank 3");
  if (!(*boxes_dims)[2].is_const(1)) node.fail("boxes of their own for each class are not supported");
  if (!(*scores_dims)[2].is_const()) node.fail("the number of classes must be known");
  const std::int64_t classes = (*scores_dims)[2].value();
  const std::int64_t each = node.require_int(2, "the number of boxes of a class");
  std::int64_t total = node.require_int(3, "the number of boxes");
  if (each < 1 || total < 1 || each > (1 << 20) || total > (1 << 20))
    node.fail("the number of boxes is not positive");
  if (per_class) total = std::min(total, (Dim(each) * Dim(classes)).value());

  constexpr float kLowest = std::numeric_limits<float>::lowest();
  const ValueId boxes = squeeze(node, node.input(0), {2});           // [batch, n, 4]
  const ValueId scores = transpose(node, node.input(1), {0, 2, 1});  // [batch, classes, n]
  const ValueId rows =
      node.add(op::NonMaxSuppression{}, {boxes, scores, node.ints({each}), node.input(4), node.input(5)});
  const ValueId picked = node.add(op::GatherNd{}, {scores, rows});
  const ValueId nothing = fill(node, shape_of(node, scores), DataType::f32, kLowest);
  const ValueId table = node.add(op::ScatterNd{}, {nothing, rows, picked});
  const ValueId n = dim_of(node, boxes, 1);
  ValueId flat = reshape(node, table, {0, -1});
  op::Pad pad;
  pad.pads = Ints{0, 0, 0, total};
  flat = node.add(std::move(pad), {flat, {}, scalar(node, DataType::f32, kLowest)});
  op::TopK top;
  top.k = total;
  const Values best = node.add_node(top, {flat}, 2);
  const ValueId valid = binary(node, Fn::greater, best[0], scalar(node, DataType::f32, kLowest));
  const ValueId zero = scalar(node, DataType::f32, 0);
  const ValueId position = node.add(op::Where{}, {valid, best[1], node.int_scalar(0)});
  const ValueId box = binary(node, Fn::mod, position, n);
  const ValueId label = binary(node, Fn::div, position, n);
  ValueId corners = node.add(op::GatherNd{1}, {boxes, unsqueeze(node, box, {2})});
  if (clips) corners = unary(node, Fn::clip, corners, 0, 1);
  op::Reduce sum;
  sum.fn = op::ReduceFn::sum;
  sum.axes = {1};
  sum.keep_dims = false;
  return {node.add(op::Where{}, {unsqueeze(node, valid, {2}), corners, zero}),
          node.add(op::Where{}, {valid, best[0], zero}),
          node.add(op::Where{}, {valid, cast(node, label, DataType::f32), zero}),
          node.add(sum, {cast(node, valid, DataType::i32)})};
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_non_max_suppression(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("CombinedNonMaxSuppression", combined,
               {"nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"});
  registry.add("NonMaxSuppression", nms_v1);
  registry.add("NonMaxSuppressionV2", nms_v2);
  registry.add("NonMaxSuppressionV3", nms_v3);
  registry.add("NonMaxSuppressionV4", nms_v4, {"selected_indices", "valid_outputs"});
  registry.add("NonMaxSuppressionV5", nms_v5, {"selected_indices", "selected_scores", "valid_outputs"});
}

}  // namespace tenon
