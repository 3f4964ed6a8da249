// Compute operators on the inputs that models do not have but files may: NaN positions, empty axes, bounds
// beyond a dtype.
#include "evaluation.hpp"
#include "ops/deform_conv.hpp"
#include "ops/grid_sample.hpp"
#include "ops/layer_norm.hpp"
#include "ops/max_pool.hpp"
#include "ops/reduce.hpp"
#include "ops/resize.hpp"
#include "ops/roi_align.hpp"
#include "ops/unary.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon::test {
namespace {

// Seed 18 of the differential test: outside of the image each of the four elements is bounded by itself, as
// PyTorch does it. A position that is bounded first would give the border's 1 and 8.
TEST(ComputeEdges, CubicSamplesBehindTheBorderMixElements) {
  const Tensor image = tensor<float>({1, 1, 1, 4}, {1, 2, 4, 8});
  const Tensor grid = tensor<float>({1, 1, 2, 2}, {-1.25F, 0, 1.25F, 0});
  op::GridSample sample;
  sample.mode = op::GridMode::cubic;
  sample.padding = op::GridPadding::border;
  sample.align_corners = true;
  const auto y = values<float>(evaluate(sample, {image, grid}));
  EXPECT_NEAR(y[0], 0.8901F, 1e-4);
  EXPECT_NEAR(y[1], 8.4395F, 1e-4);
}

TEST(ComputeEdges, PositionsThatAreNoNumbersReadZero) {
  const Tensor image = tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor grid = tensor<float>({1, 1, 3, 2}, {kNan, 0, kInfinity, 0, 0, -kInfinity});
  for (const op::GridMode mode : {op::GridMode::linear, op::GridMode::nearest, op::GridMode::cubic}) {
    op::GridSample sample;
    sample.mode = mode;
    EXPECT_EQ(values<float>(evaluate(sample, {image, grid})), (std::vector<float>{0, 0, 0}));
  }
  const Tensor weight = tensor<float>({1, 1, 1, 1}, {1});
  const Tensor offset = tensor<float>({1, 2, 2, 2}, std::vector<float>(8, kNan));
  EXPECT_EQ(values<float>(evaluate(op::DeformConv{}, {image, weight, offset})),
            (std::vector<float>{0, 0, 0, 0}));
  const Tensor region = tensor<float>({1, 4}, {0, 0, kNan, 1});
  EXPECT_THROW(evaluate(op::RoiAlign{}, {image, region, ints({0})}), ModelError);
  EXPECT_THROW(evaluate(op::RoiAlign{}, {image, tensor<float>({1, 4}, {0, 0, 1, 1}), ints({1})}), ModelError);
}

TEST(ComputeEdges, EmptyAxes) {
  const Tensor empty = tensor<float>({2, 0}, {});
  EXPECT_EQ(values<float>(evaluate(op::Reduce{}, {empty})), (std::vector<float>{0}));
  op::Reduce largest;
  largest.fn = op::ReduceFn::max;
  largest.axes = {1};
  EXPECT_EQ(values<float>(evaluate(largest, {empty})), (std::vector<float>{-kInfinity, -kInfinity}));
  const std::vector<Data> normalized = evaluate_all(op::LayerNorm{}, {empty}, 3);
  EXPECT_EQ(normalized[0].tensor().elements(), 0);
  EXPECT_EQ(normalized[1].tensor().shape(), (Shape{2, 1}));
}

TEST(ComputeEdges, ClipBoundsBeyondTheDtype) {
  const Tensor x = tensor<std::int8_t>({3}, {-128, 0, 127});
  const auto clipped = [&](float low, float high) {
    return values<std::int8_t>(evaluate(op::unary(PointwiseFn::clip, low, high), {x}));
  };
  EXPECT_EQ(clipped(1000, 2000), (std::vector<std::int8_t>{127, 127, 127}));
  EXPECT_EQ(clipped(-1e30F, 1e30F), (std::vector<std::int8_t>{-128, 0, 127}));
  EXPECT_EQ(clipped(-0.5F, 0.5F), (std::vector<std::int8_t>{0, 0, 0}));
}

TEST(ComputeEdges, GeometryBeyondAnyModelIsRefused) {
  const Tensor image = tensor<float>({1, 1, 2}, {1, 2});
  op::MaxPool pool;
  pool.kernel = {std::numeric_limits<std::int64_t>::max()};
  pool.dilation = {std::numeric_limits<std::int64_t>::max()};
  EXPECT_THROW(evaluate(pool, {image}), ModelError);
  op::Resize resize;
  resize.scales = {1, 1, 1e30F};
  EXPECT_THROW(evaluate(resize, {image}), ModelError);
  resize.scales = {1, 1, kNan};
  EXPECT_THROW(evaluate(resize, {image}), ModelError);
}

}  // namespace
}  // namespace tenon::test
