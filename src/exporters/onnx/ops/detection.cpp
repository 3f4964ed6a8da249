// detection_output: boxes decoded by arithmetic, NonMaxSuppression with one batch per image and class, and
// the best of each image by counting how many are better.
#include "exporters/onnx/node_writer.hpp"
#include "ops/detection_output.hpp"

#include <limits>

namespace tenon::onnx_export {
namespace {

constexpr std::size_t kLocations = 0, kScores = 1, kPriors = 2;

AttributeList along(std::int64_t axis) { return {{"axis", axis}}; }

Name gather_at(NodeWriter& node, const Name& x, std::int64_t index, std::int64_t axis) {
  return node.add("Gather", {x, node.integer(index)}, along(axis));
}

// The four coordinates as [… , 1] each.
NameList coordinates(NodeWriter& node, const Name& boxes) {
  return node.add_node("Split", {boxes, node.ints({1, 1, 1, 1})}, 4, along(-1));
}

// [N, P, L, 4] corners, from locations [N, P, L, 4] and priors and variances [P, 1, 4].
Name decoded(NodeWriter& node, const op::DetectionOutput& op, Name locations, const Name& priors,
             const Name& variances) {
  if (!op.variance_in_target) locations = node.add("Mul", {locations, variances});
  if (op.code == op::BoxCode::corner) return node.add("Add", {priors, locations});
  const NameList p = coordinates(node, priors);
  const Name width = node.add("Sub", {p[2], p[0]}), height = node.add("Sub", {p[3], p[1]});
  if (op.code == op::BoxCode::corner_size) {
    const Name sizes = node.add("Concat", {width, height, width, height}, along(-1));
    return node.add("Add", {priors, node.add("Mul", {locations, sizes})});
  }
  const NameList l = coordinates(node, locations);
  const Name half = node.scalar(DataType::f32, 0.5);
  const auto axis = [&](const Name& low, const Name& size, const Name& shift, const Name& growth) {
    const Name middle = node.add("Add", {low, node.add("Mul", {size, half})});
    const Name centre = node.add("Add", {middle, node.add("Mul", {shift, size})});
    const Name reach = node.add("Mul", {node.add("Mul", {size, node.add("Exp", {growth})}), half});
    return NameList{node.add("Sub", {centre, reach}), node.add("Add", {centre, reach})};
  };
  const NameList x = axis(p[0], width, l[0], l[2]);
  const NameList y = axis(p[1], height, l[1], l[3]);
  return node.add("Concat", {x[0], y[0], x[1], y[1]}, along(-1));
}

// Scores [N, C, P] and corners [N, C, P, 4], cut down to the nms_top_k best of each class.
struct Candidates {
  Name scores;
  Name boxes;
};

Candidates best(NodeWriter& node, const op::DetectionOutput& op, Candidates all) {
  if (op.nms_top_k < 0) return all;
  const Name available = node.add("Shape", {all.scores}, {{"start", std::int64_t{2}}});
  const Name k = node.add("Min", {available, node.ints({op.nms_top_k})});
  const NameList top = node.add_node("TopK", {all.scores, k}, 2, along(2));
  const Name places = node.add("Unsqueeze", {top[1], node.ints({3})});
  const Name indices = node.add("Expand", {places, node.ints({1, 1, 1, 4})});
  return {top[0], node.add("GatherElements", {all.boxes, indices}, along(2))};
}

// Rows of `columns`, what is found in the order of images, classes and falling scores: those that fewer than
// `keep` of the same image are better than.
Name kept(NodeWriter& node, const Name& rows, const Name& images, const Name& scores, std::int64_t keep) {
  const auto row = [&](const Name& x) { return node.add("Unsqueeze", {x, node.ints({0})}); };
  const auto column = [&](const Name& x) { return node.add("Unsqueeze", {x, node.ints({1})}); };
  const Name count = node.add("Squeeze", {node.add("Shape", {scores}), node.ints({0})});
  const Name order = node.add("Range", {node.integer(0), count, node.integer(1)});
  const Name larger = node.add("Greater", {column(scores), row(scores)});
  const Name equal = node.add("Equal", {column(scores), row(scores)});
  const Name earlier = node.add("And", {equal, node.add("Less", {column(order), row(order)})});
  const Name same_image = node.add("Equal", {column(images), row(images)});
  const Name better = node.add("And", {same_image, node.add("Or", {larger, earlier})});
  const Name betters =
      node.add("ReduceSum", {node.add("Cast", {better}, {{"to", DataType::i64}}), node.ints({0})},
               {{"keepdims", false}});
  return node.add("Compress", {rows, node.add("Less", {betters, node.integer(keep)})}, along(0));
}

// A row (image, -1, …) for each image where there is no other row at all, else nothing.
Name without_finds(NodeWriter& node, const Name& rows) {
  const Name images = node.add("Shape", {node.input(kScores)}, {{"end", std::int64_t{1}}});
  const Name found = node.add("Shape", {rows}, {{"end", std::int64_t{1}}});
  const Name none = node.add("Equal", {found, node.ints({0})});
  const Name wanted = node.add("Where", {none, images, node.ints({0})});
  const Name count = node.add("Squeeze", {wanted, node.ints({0})});
  const Name numbers = node.add("Range", {node.integer(0), count, node.integer(1)});
  const Name first =
      node.add("Unsqueeze", {node.add("Cast", {numbers}, {{"to", DataType::f32}}), node.ints({1})});
  const Name shape = node.add("Concat", {wanted, node.ints({6})}, along(0));
  const Name rest = node.add("Expand", {node.scalar(DataType::f32, -1), shape});
  return node.add("Concat", {first, rest}, along(1));
}

void detection_output(NodeWriter& node) {
  const auto& op = node.op<op::DetectionOutput>();
  constexpr float kFixed = 0.5F;  // thresholds up to here do not change
  if (op.eta < 1 && op.nms_threshold > kFixed)
    node.fail("ONNX has no threshold that changes while boxes are kept (eta)");
  const std::int64_t classes = op.num_classes;
  const std::int64_t sets = op.share_location ? 1 : classes;

  const Name locations = node.add("Reshape", {node.input(kLocations), node.ints({0, -1, sets, 4})});
  const Name priors = node.add("Reshape", {node.input(kPriors), node.ints({2, -1, 1, 4})});
  const Name corners =
      decoded(node, op, locations, gather_at(node, priors, 0, 0), gather_at(node, priors, 1, 0));
  Name boxes = node.add("Transpose", {corners}, {{"perm", Ints{0, 2, 1, 3}}});
  if (op.share_location) boxes = node.add("Expand", {boxes, node.ints({1, classes, 1, 1})});
  const Name by_prior = node.add("Reshape", {node.input(kScores), node.ints({0, -1, classes})});
  Name scores = node.add("Transpose", {by_prior}, {{"perm", Ints{0, 2, 1}}});
  if (op.background >= 0 && op.background < classes) {
    const Name numbers = node.add("Range", {node.integer(0), node.integer(classes), node.integer(1)});
    const Name column = node.add("Unsqueeze", {numbers, node.ints({1})});
    const Name hidden = node.add("Equal", {column, node.integer(op.background)});
    const Name nothing = node.scalar(DataType::f32, -std::numeric_limits<double>::infinity());
    scores = node.add("Where", {hidden, nothing, scores});
  }

  const Candidates candidates = best(node, op, {scores, boxes});
  const Name flat_boxes = node.add("Flatten", {candidates.boxes}, along(2));  // [N·C, k·4]
  const Name batches = node.add("Reshape", {flat_boxes, node.ints({0, -1, 4})});
  const Name flat_scores = node.add("Flatten", {candidates.scores}, along(2));
  const Name selected =
      node.add("NonMaxSuppression",
               {batches, node.add("Unsqueeze", {flat_scores, node.ints({1})}),
                node.ints({std::numeric_limits<std::int32_t>::max()}),
                node.constant(Tensor::of<float>({1}, std::span<const float>(&op.nms_threshold, 1))),
                node.constant(Tensor::of<float>({1}, std::span<const float>(&op.confidence_threshold, 1)))});
  const Name batch = gather_at(node, selected, 0, 1);
  const Name places = node.add("Gather", {selected, node.ints({0, 2})}, along(1));
  const Name images = node.add("Div", {batch, node.integer(classes)});
  const Name labels = node.add("Mod", {batch, node.integer(classes)});
  const Name found = node.add("GatherND", {flat_scores, places});
  const auto column = [&](const Name& x) { return node.add("Unsqueeze", {x, node.ints({1})}); };
  const auto number = [&](const Name& x) { return column(node.add("Cast", {x}, {{"to", DataType::f32}})); };
  Name rows = node.add(
      "Concat", {number(images), number(labels), column(found), node.add("GatherND", {batches, places})},
      along(1));
  if (op.keep_top_k >= 0) rows = kept(node, rows, images, found, op.keep_top_k);
  rows = node.add("Concat", {rows, without_finds(node, rows)}, along(0));
  node.finish("Unsqueeze", {rows, node.ints({0, 1})});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_detection(onnx_export::Registry& registry) {
  registry.add("detection_output", onnx_export::detection_output);
}

}  // namespace tenon
