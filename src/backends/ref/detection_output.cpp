#include "ops/detection_output.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace ref {
namespace {

struct Detection {
  std::int64_t label;
  float score;
  std::array<float, 4> box;
};

using Corners4 = std::array<float, 4>;

Corners4 decode_box(const op::DetectionOutput& self, std::span<const float> location,
                    std::span<const float> prior, std::span<const float> variance) {
  Corners4 l{};
  for (std::size_t i = 0; i < 4; ++i)
    l[i] = self.variance_in_target ? location[i] : variance[i] * location[i];
  const float width = prior[2] - prior[0];
  const float height = prior[3] - prior[1];
  if (self.code == op::BoxCode::corner)
    return {prior[0] + l[0], prior[1] + l[1], prior[2] + l[2], prior[3] + l[3]};
  if (self.code == op::BoxCode::corner_size) {
    return {prior[0] + l[0] * width, prior[1] + l[1] * height, prior[2] + l[2] * width,
            prior[3] + l[3] * height};
  }
  const float x = (prior[0] + prior[2]) / 2 + l[0] * width;
  const float y = (prior[1] + prior[3]) / 2 + l[1] * height;
  const float half_width = std::exp(l[2]) * width / 2;
  const float half_height = std::exp(l[3]) * height / 2;
  return {x - half_width, y - half_height, x + half_width, y + half_height};
}

float box_area(const Corners4& box) {
  return box[2] < box[0] || box[3] < box[1] ? 0 : (box[2] - box[0]) * (box[3] - box[1]);
}

float box_overlap(const Corners4& a, const Corners4& b) {
  const Corners4 common{std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]),
                        std::min(a[3], b[3])};
  if (common[2] <= common[0] || common[3] <= common[1]) return 0;
  const float area = box_area(common);
  return area / (box_area(a) + box_area(b) - area);
}

std::vector<Detection> suppress(const op::DetectionOutput& self, std::vector<Detection> found) {
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  if (self.nms_top_k >= 0 && found.size() > static_cast<std::uint64_t>(self.nms_top_k))
    found.resize(static_cast<std::size_t>(self.nms_top_k));
  std::vector<Detection> kept;
  float threshold = self.nms_threshold;
  for (const Detection& candidate : found) {
    const auto covers = [&](const Detection& other) {
      return box_overlap(candidate.box, other.box) > threshold;
    };
    if (std::any_of(kept.begin(), kept.end(), covers)) continue;
    kept.push_back(candidate);
    if (self.eta < 1 && threshold > 0.5F) threshold *= self.eta;
  }
  return kept;
}

std::vector<Detection> detect(const op::DetectionOutput& self, std::span<const float> locations,
                              std::span<const float> scores, std::span<const float> priors,
                              std::size_t count) {
  const auto classes = static_cast<std::size_t>(self.num_classes);
  std::vector<Detection> all;
  for (std::size_t label = 0; label < classes; ++label) {
    if (static_cast<std::int64_t>(label) == self.background) continue;
    std::vector<Detection> found;
    for (std::size_t i = 0; i < count; ++i) {
      const float score = scores[i * classes + label];
      if (!(score > self.confidence_threshold)) continue;
      const std::size_t place = self.share_location ? i : i * classes + label;
      found.push_back({static_cast<std::int64_t>(label), score,
                       decode_box(self, locations.subspan(place * 4, 4), priors.subspan(i * 4, 4),
                                  priors.subspan((count + i) * 4, 4))});
    }
    const auto kept = suppress(self, std::move(found));
    all.insert(all.end(), kept.begin(), kept.end());
  }
  if (self.keep_top_k >= 0 && all.size() > static_cast<std::uint64_t>(self.keep_top_k)) {
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    all.resize(static_cast<std::size_t>(self.keep_top_k));
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.label < b.label; });
  }
  return all;
}

void run_detection_output(const Op& op, const Call& call) {
  const auto& self = *op.as<op::DetectionOutput>();
  const Shape& shape = call.in(0).shape();
  const auto numbers = static_cast<std::size_t>(call.in(2).shape()[2]);
  TENON_REQUIRE(numbers % 4 == 0, "detection_output: {} numbers are no boxes", numbers);
  const auto locations = call.in(0).values<float>();
  const auto scores = call.in(1).values<float>();
  const auto priors = call.in(2).values<float>();
  const auto images = static_cast<std::size_t>(shape[0]);
  const std::size_t location_size = images == 0 ? 0 : locations.size() / images;
  const std::size_t score_size = images == 0 ? 0 : scores.size() / images;
  std::vector<float> rows;
  for (std::size_t image = 0; image < images; ++image) {
    const auto found = detect(self, locations.subspan(image * location_size, location_size),
                              scores.subspan(image * score_size, score_size), priors, numbers / 4);
    for (const Detection& d : found) {
      rows.insert(rows.end(), {static_cast<float>(image), static_cast<float>(d.label), d.score});
      rows.insert(rows.end(), d.box.begin(), d.box.end());
    }
  }
  if (rows.empty()) {
    for (std::size_t image = 0; image < images; ++image)
      rows.insert(rows.end(), {static_cast<float>(image), -1, -1, -1, -1, -1, -1});
  }
  call.outputs[0] = Tensor::of<float>({1, 1, static_cast<std::int64_t>(rows.size() / 7), 7}, rows);
}

}  // namespace
}  // namespace ref

void register_ref_detection_output(ref::Registry& registry) {
  registry.add("detection_output", ref::run_detection_output);
}

}  // namespace tenon
