// PriorBox and DetectionOutput of the SSD fork, ROIPooling of Fast R-CNN.
#include "importers/caffe/layer_context.hpp"
#include "ops/detection_output.hpp"
#include "ops/flatten.hpp"
#include "ops/roi_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon::caffe {
namespace {

constexpr std::int64_t kMaxNumbers = std::int64_t{1} << 24;
constexpr std::size_t kMaxSizes = 256;

struct Size {
  float width, height;
};

// The boxes around every centre: of each minimal size a square, one between it and its maximal size, and one
// for each aspect ratio.
std::vector<Size> box_sizes(const LayerContext& layer, const Message& fields) {
  const auto least = fields.numbers("min_size");
  const auto most = fields.numbers("max_size");
  std::vector<float> ratios;
  const auto add = [&](float ratio) {
    const auto same = [&](float other) { return std::abs(ratio - other) < 1e-6F; };
    if (!same(1) && std::none_of(ratios.begin(), ratios.end(), same)) ratios.push_back(ratio);
  };
  const bool flip = fields.flag("flip", true);
  const auto given = fields.numbers("aspect_ratio");
  if (least.size() > kMaxSizes || given.size() > kMaxSizes)
    layer.fail(fmt::format("{} sizes and {} aspect ratios", least.size(), given.size()));
  for (const float ratio : given) {
    if (!(ratio > 0)) layer.fail(fmt::format("field 'aspect_ratio' has the value {}", ratio));
    const std::size_t before = ratios.size();
    add(ratio);
    if (flip && ratios.size() > before) ratios.push_back(1 / ratio);
  }
  if (least.empty() || (!most.empty() && most.size() != least.size()))
    layer.fail(fmt::format("{} sizes 'min_size' and {} 'max_size'", least.size(), most.size()));
  std::vector<Size> sizes;
  for (std::size_t i = 0; i < least.size(); ++i) {
    sizes.push_back({least[i], least[i]});
    if (!most.empty()) {
      const float between = std::sqrt(least[i] * most[i]);
      sizes.push_back({between, between});
    }
    for (const float ratio : ratios)
      sizes.push_back({least[i] * std::sqrt(ratio), least[i] / std::sqrt(ratio)});
  }
  return sizes;
}

std::vector<float> read_variances(const LayerContext& layer, const Message& fields) {
  std::vector<float> variances = fields.numbers("variance");
  if (variances.empty()) variances.push_back(0.1F);
  if (variances.size() == 1) variances.assign(4, variances[0]);
  if (variances.size() != 4) layer.fail(fmt::format("{} numbers 'variance'", variances.size()));
  return variances;
}

// Height and width from one field for both, or from two.
Size read_pair(const Message& fields, const std::string& both, const std::string& prefix, Size otherwise) {
  if (const auto side = fields.find_number(both)) return {*side, *side};
  const auto height = fields.find_number(prefix + "_h");
  const auto width = fields.find_number(prefix + "_w");
  return {width.value_or(otherwise.width), height.value_or(otherwise.height)};
}

// A constant: only the shapes of the bottoms, a feature map and the picture, matter.
Values prior_box(LayerContext& layer) {
  layer.require(2, 1);
  const Message& fields = layer.parameters("prior_box_param");
  if (layer.rank(layer.bottom(0)) != 4 || layer.rank(layer.bottom(1)) != 4) layer.fail("needs four axes");
  const std::int64_t rows = layer.fixed(layer.bottom(0), 2);
  const std::int64_t columns = layer.fixed(layer.bottom(0), 3);
  const Size picture = read_pair(fields, "img_size", "img",
                                 {static_cast<float>(layer.fixed(layer.bottom(1), 3)),
                                  static_cast<float>(layer.fixed(layer.bottom(1), 2))});
  Size step = read_pair(fields, "step", "step", {0, 0});
  if (step.width == 0 || step.height == 0)
    step = {picture.width / static_cast<float>(columns), picture.height / static_cast<float>(rows)};
  const float offset = fields.number("offset", 0.5F);
  const bool clip = fields.flag("clip", false);
  const std::vector<Size> sizes = box_sizes(layer, fields);
  const std::vector<float> variances = read_variances(layer, fields);

  const auto per_centre = static_cast<std::int64_t>(sizes.size() * 4);
  if (columns < 1 || rows < 1 || rows > kMaxNumbers / per_centre || columns > kMaxNumbers / per_centre / rows)
    layer.fail(fmt::format("{} x {} centres with {} boxes each", rows, columns, sizes.size()));
  const std::int64_t numbers = rows * columns * per_centre;
  layer.charge(2 * numbers);
  Tensor priors(DataType::f32, {1, 2, numbers});
  float* out = priors.mutable_values<float>().data();
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const float x = (static_cast<float>(column) + offset) * step.width;
      const float y = (static_cast<float>(row) + offset) * step.height;
      for (const Size& size : sizes) {
        *out++ = (x - size.width / 2) / picture.width;
        *out++ = (y - size.height / 2) / picture.height;
        *out++ = (x + size.width / 2) / picture.width;
        *out++ = (y + size.height / 2) / picture.height;
      }
    }
  }
  const auto values = priors.mutable_values<float>();
  for (std::size_t i = 0; clip && i < values.size() / 2; ++i) values[i] = std::clamp(values[i], 0.0F, 1.0F);
  for (std::size_t i = values.size() / 2; i < values.size(); ++i) values[i] = variances[i % 4];
  return {layer.constant(std::move(priors))};
}

Values detection_output(LayerContext& layer) {
  layer.require(3, 1);
  const Message& fields = layer.parameters("detection_output_param");
  fields.ignore({"save_output_param", "visualize", "visualize_threshold", "save_file"});
  op::DetectionOutput op;
  op.num_classes = fields.integer("num_classes", 0);
  op.background = fields.integer("background_label_id", 0);
  op.share_location = fields.flag("share_location", true);
  op.code = static_cast<op::BoxCode>(
      layer.choice(fields, "code_type", {"CORNER", "CENTER_SIZE", "CORNER_SIZE"}, 0));
  op.variance_in_target = fields.flag("variance_encoded_in_target", false);
  op.confidence_threshold = fields.number("confidence_threshold", op.confidence_threshold);
  op.keep_top_k = fields.integer("keep_top_k", -1);
  const Message& nms = fields.message("nms_param");
  op.nms_threshold = nms.number("nms_threshold", 0.3F);
  op.nms_top_k = nms.integer("top_k", -1);
  op.eta = nms.number("eta", 1);
  const auto matrix = [&](ValueId x) { return layer.rank(x) == 2 ? x : layer.add(op::Flatten{1}, {x}); };
  return {layer.add(op, {matrix(layer.bottom(0)), matrix(layer.bottom(1)), layer.bottom(2)})};
}

Values roi_pooling(LayerContext& layer) {
  layer.require(2, 1);
  const Message& fields = layer.parameters("roi_pooling_param");
  op::RoiPool op;
  op.output_height = fields.integer("pooled_h", 0);
  op.output_width = fields.integer("pooled_w", 0);
  op.spatial_scale = fields.number("spatial_scale", 1);
  // Regions may come as [n, 5] or [n, 5, 1, 1].
  const ValueId rois = layer.bottom(1);
  return {layer.add(op, {layer.bottom(0), layer.rank(rois) == 2 ? rois : layer.add(op::Flatten{1}, {rois})})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_detection(caffe::Registry& registry) {
  registry.add("DetectionOutput", caffe::detection_output);
  registry.add("PriorBox", caffe::prior_box);
  registry.add("ROIPooling", caffe::roi_pooling);
}

}  // namespace tenon
