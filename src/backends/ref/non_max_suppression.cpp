#include "ops/non_max_suppression.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace ref {
namespace {

struct Box {
  float low[2];
  float high[2];
  float area() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};

Box make_box(std::span<const float> c, bool center_point) {
  Box box;
  for (std::size_t i = 0; i < 2; ++i) {
    const float a = center_point ? c[i] - c[i + 2] / 2 : c[i];
    const float b = center_point ? c[i] + c[i + 2] / 2 : c[i + 2];
    box.low[i] = std::min(a, b);
    box.high[i] = std::max(a, b);
  }
  return box;
}

float intersection_over_union(const Box& a, const Box& b) {
  const Box common{{std::max(a.low[0], b.low[0]), std::max(a.low[1], b.low[1])},
                   {std::min(a.high[0], b.high[0]), std::min(a.high[1], b.high[1])}};
  if (common.high[0] <= common.low[0] || common.high[1] <= common.low[1]) return 0;
  return common.area() / (a.area() + b.area() - common.area());
}

void run_non_max_suppression(const Op& op, const Call& call) {
  const auto& self = *op.as<op::NonMaxSuppression>();
  const auto coordinates = call.in(0).values<float>();
  const auto scores = call.in(1).values<float>();
  const Shape& shape = call.in(1).shape();
  const std::int64_t limit = call.has(2) ? int_scalar(call.in(2)) : 0;
  const float iou_threshold = call.has(3) ? call.in(3).values<float>()[0] : 0.0F;
  TENON_REQUIRE(iou_threshold >= 0 && iou_threshold <= 1,
                "non_max_suppression: the threshold of the intersection over union is {}", iou_threshold);

  std::vector<std::int64_t> rows;
  const auto count = static_cast<std::size_t>(shape[2]);
  for (std::int64_t batch = 0; batch < shape[0]; ++batch) {
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < count; ++i) {
      boxes.push_back(make_box(coordinates.subspan((static_cast<std::size_t>(batch) * count + i) * 4, 4),
                               self.center_point_box));
    }
    for (std::int64_t label = 0; label < shape[1]; ++label) {
      const auto of_class = scores.subspan(static_cast<std::size_t>(batch * shape[1] + label) * count, count);
      std::vector<std::size_t> order;
      for (std::size_t i = 0; i < count; ++i) {
        if (std::isnan(of_class[i])) continue;
        if (!call.has(4) || of_class[i] > call.in(4).values<float>()[0]) order.push_back(i);
      }
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return of_class[a] > of_class[b]; });
      std::vector<std::size_t> selected;
      for (const std::size_t candidate : order) {
        if (static_cast<std::int64_t>(selected.size()) >= limit) break;
        const bool suppressed = std::any_of(selected.begin(), selected.end(), [&](std::size_t other) {
          return intersection_over_union(boxes[candidate], boxes[other]) > iou_threshold;
        });
        if (suppressed) continue;
        selected.push_back(candidate);
        rows.insert(rows.end(), {batch, label, static_cast<std::int64_t>(candidate)});
      }
    }
  }
  call.outputs[0] = Tensor::of<std::int64_t>({static_cast<std::int64_t>(rows.size() / 3), 3}, rows);
}

}  // namespace
}  // namespace ref

void register_ref_non_max_suppression(ref::Registry& registry) {
  registry.add("non_max_suppression", ref::run_non_max_suppression);
}

}  // namespace tenon
