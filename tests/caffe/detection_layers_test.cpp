// PriorBox, DetectionOutput, ROIPooling: worked out by hand.
#include "caffe/support.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tenon::test {
namespace {

TEST(CaffeLayers, PriorBox) {
  const Tensor map = counting({1, 1, 1, 2});
  const Tensor picture = counting({1, 3, 100, 200});
  // Centres (50, 50) and (150, 50); of each a square of 20, one of sqrt(20 · 80) = 40, and 2 : 1 both ways.
  const Tensor priors = run_layer({"PriorBox",
                                   R"(prior_box_param { min_size: 20 max_size: 80 aspect_ratio: 2
      variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 })",
                                   {map, picture}})
                            .at(0);
  ASSERT_EQ(priors.shape(), (Shape{1, 2, 32}));
  const float wide = 20 * std::sqrt(2.0F) / 2;
  const float low = 20 / std::sqrt(2.0F) / 2;
  Floats expected;
  for (const float x : {50.0F, 150.0F}) {
    const Floats halves[] = {{10, 10}, {20, 20}, {wide, low}, {low, wide}};
    for (const Floats& half : halves) {
      for (const float sign : {-1.0F, 1.0F}) {
        expected.push_back((x + sign * half[0]) / 200);
        expected.push_back((50 + sign * half[1]) / 100);
      }
    }
  }
  for (int i = 0; i < 8; ++i) expected.insert(expected.end(), {0.1F, 0.1F, 0.2F, 0.2F});
  expect_close(priors, {1, 2, 32}, expected);
}

TEST(CaffeLayers, PriorBoxWithStepsAndClipping) {
  expect_close(run_layer({"PriorBox",
                          R"(prior_box_param { min_size: 4 flip: false clip: true step: 8 offset: 0
      img_h: 10 img_w: 20 })",
                          {counting({1, 1, 2, 1}), counting({1, 3, 1, 1})}})
                   .at(0),
               {1, 2, 8},
               {0, 0, 0.1F, 0.2F, 0, 0.6F, 0.1F, 1, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F, 0.1F});
}

// Three priors: two that overlap by 1/3 (area 3 of 9), and one apart.
const Tensor kPriors = floats({1, 2, 12}, {0, 0, 2, 3, 1, 0, 3, 3, 5, 5, 7, 7,  //
                                           1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});

TEST(CaffeLayers, DetectionOutput) {
  const Tensor locations = floats({1, 12}, Floats(12, 0));
  const Tensor scores = floats({1, 6}, {0.1F, 0.9F, 0.2F, 0.8F, 0.3F, 0.7F});
  const auto run = [&](const std::string& fields) {
    return run_layer({"DetectionOutput",
                      "detection_output_param { num_classes: 2 " + fields + " }",
                      {locations, scores, kPriors}})
        .at(0);
  };
  const Floats first{0, 1, 0.9F, 0, 0, 2, 3};
  const Floats second{0, 1, 0.8F, 1, 0, 3, 3};
  const Floats third{0, 1, 0.7F, 5, 5, 7, 7};
  const auto rows = [](std::initializer_list<Floats> list) {
    Floats all;
    for (const Floats& row : list) all.insert(all.end(), row.begin(), row.end());
    return all;
  };
  expect_close(run("nms_param { nms_threshold: 0.4 }"), {1, 1, 3, 7}, rows({first, second, third}));
  expect_close(run("nms_param { nms_threshold: 0.3 }"), {1, 1, 2, 7}, rows({first, third}));
  expect_close(run("nms_param { nms_threshold: 0.4 top_k: 2 }"), {1, 1, 2, 7}, rows({first, second}));
  expect_close(run("nms_param { nms_threshold: 0.4 } keep_top_k: 1"), {1, 1, 1, 7}, first);
  expect_close(run("nms_param { nms_threshold: 0.4 } confidence_threshold: 0.75"), {1, 1, 2, 7},
               rows({first, second}));
  expect_close(run("confidence_threshold: 0.95"), {1, 1, 1, 7}, {0, -1, -1, -1, -1, -1, -1});
  // With the background as a class: of class 0 prior 1 overlaps prior 0, which has the lower score.
  expect_close(run("background_label_id: -1 keep_top_k: 3"), {1, 1, 3, 7},
               rows({{0, 0, 0.3F, 5, 5, 7, 7}, first, third}));
}

TEST(CaffeLayers, DetectionOutputDecodesBoxes) {
  const Tensor priors = floats({1, 2, 4}, {1, 1, 3, 5, 0.5F, 0.5F, 0.5F, 0.5F});
  const Tensor locations = floats({1, 4}, {1, -1, 2, 0});
  const auto box = [&](const std::string& fields) {
    const Tensor row =
        run_layer({"DetectionOutput",
                   "detection_output_param { num_classes: 1 background_label_id: -1 " + fields + " }",
                   {locations, floats({1, 1}, {1}), priors}})
            .at(0);
    const auto values = row.values<float>();
    return floats({4}, {values.begin() + 3, values.end()});
  };
  expect_close(box(""), {4}, {1.5F, 0.5F, 4, 5});
  expect_close(box("code_type: CORNER_SIZE"), {4}, {2, -1, 5, 5});
  const float e = std::exp(1.0F);
  expect_close(box("code_type: CENTER_SIZE"), {4}, {3 - e, -1, 3 + e, 3});
  expect_close(box("code_type: CENTER_SIZE variance_encoded_in_target: true"), {4},
               {4 - e * e, -3, 4 + e * e, 1});
}

TEST(CaffeLayers, RoiPooling) {
  const Tensor x = counting({2, 1, 4, 4});
  const std::string fields = "roi_pooling_param { pooled_h: 2 pooled_w: 2 spatial_scale: 0.5 }";
  // Columns 0 to 3, rows 1 to 2 of the second image; one element; one outside.
  const Tensor rois = floats({3, 5}, {1, 0, 2, 6, 4, 0, 4, 4, 4, 4, 0, 100, 100, 200, 200});
  expect_close(run_layer({"ROIPooling", fields, {x, rois}}).at(0), {3, 1, 2, 2},
               {21, 23, 25, 27, 10, 10, 10, 10, 0, 0, 0, 0});
}

}  // namespace
}  // namespace tenon::test
