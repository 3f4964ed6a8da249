#include "ops/slice.hpp"

#include "inference_fixture.hpp"
#include "ops/shape.hpp"
#include "ops/slice_bounds.hpp"

#include <limits>

namespace tenon {
namespace {

using Ints = std::vector<std::int64_t>;
using SliceInference = InferenceTest;

constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLargest32 = std::numeric_limits<std::int32_t>::max();

// Walks the axis the way the definition says.
std::int64_t counted(std::int64_t extent, std::int64_t start, std::int64_t end, std::int64_t step) {
  const auto from_end = [&](std::int64_t p) { return p < 0 && p >= -2 * extent - 4 ? p + extent : p; };
  std::int64_t position = from_end(start);
  const std::int64_t stop = from_end(end);
  if (step > 0) position = std::max<std::int64_t>(position, 0);
  if (step < 0) position = std::min(position, extent - 1);
  std::int64_t count = 0;
  while (position >= 0 && position < extent && (step > 0 ? position < stop : position > stop)) {
    ++count;
    position += step;
  }
  return count;
}

TEST(SliceBounds, AgreesWithTheDefinition) {
  for (std::int64_t extent = 0; extent < 6; ++extent) {
    for (std::int64_t start = -7; start < 8; ++start) {
      for (std::int64_t end = -7; end < 8; ++end) {
        for (const std::int64_t step : {-3, -1, 1, 2, 5}) {
          EXPECT_EQ(op::slice_bounds(extent, start, end, step).count, counted(extent, start, end, step))
              << extent << ": " << start << ", " << end << ", " << step;
        }
      }
    }
  }
}

TEST(SliceBounds, TakesExtremeArguments) {
  EXPECT_EQ(op::slice_bounds(5, 0, kLargest, 1).count, 5);
  EXPECT_EQ(op::slice_bounds(5, -1, kSmallest, -1).count, 5);
  EXPECT_EQ(op::slice_bounds(5, kLargest, kSmallest, -2).count, 3);
  EXPECT_EQ(op::slice_bounds(5, kSmallest, kLargest, kLargest).count, 1);
  EXPECT_EQ(op::slice_bounds(5, 4, kSmallest, kSmallest).count, 1);
  EXPECT_EQ(op::slice_bounds(0, kLargest, kSmallest, -1).count, 0);
}

// Whatever N is, the inferred dim has the value that slicing an axis of N elements gives.
TEST_F(SliceInference, SymbolicDimsAreRightForEveryValue) {
  const ValueId x = input("f32[N]");
  for (const std::int64_t step : {-2, -1, 1, 3}) {
    for (const std::int64_t start : {kSmallest, -5L, -1L, 0L, 1L, 4L, kLargest32, kLargest}) {
      for (const std::int64_t end : {kSmallest, -kLargest32, -4L, -1L, 0L, 2L, 6L, kLargest}) {
        const op::Slice slice{.starts = Ints{start}, .ends = Ints{end}, .steps = Ints{step}};
        const Dim dim = (*graph_.type(add(slice, {x})).as_tensor().dims)[0];
        for (std::int64_t n = 0; n < 12; ++n) {
          EXPECT_EQ(dim.eval({{"N", n}}), op::slice_bounds(n, start, end, step).count)
              << dim.to_string() << " for " << start << ":" << end << ":" << step << " of " << n;
        }
      }
    }
  }
}

TEST_F(SliceInference, WholeAxesKeepTheirDim) {
  const ValueId x = input("f32[N,8]");
  EXPECT_EQ(type(add(op::Slice{.starts = Ints{0}, .ends = Ints{kLargest}}, {x})), "f32[N,8]");
  EXPECT_EQ(type(add(op::Slice{.starts = Ints{-1}, .ends = Ints{kSmallest}, .steps = Ints{-1}}, {x})),
            "f32[N,8]");
  EXPECT_EQ(type(add(op::Slice{.starts = Ints{1}, .ends = Ints{-1}, .axes = Ints{-1}}, {x})), "f32[N,6]");
}

TEST_F(SliceInference, ComputedBounds) {
  const ValueId x = input("f32[A,10]");
  const ValueId n = add(op::ShapeOf{}, {input("f32[N]")});
  EXPECT_EQ(type(add(op::Slice{.axes = Ints{1}}, {x, ints({0}), n})), spelled("f32[A,min(N, 10)]"));
  EXPECT_EQ(type(add(op::Slice{.axes = Ints{1}}, {x, input("i64[1]"), ints({4})})), "f32[A,?]");
  EXPECT_EQ(type(add(op::Slice{}, {x, input("i64[1]"), ints({4}), input("i64[1]")})), "f32[?,?]");
}

TEST_F(SliceInference, FollowsShapeValues) {
  const ValueId shape = add(op::ShapeOf{}, {input("f32[A,B,C,D]")});
  EXPECT_EQ(elements(add(op::Slice{.starts = Ints{-2}, .ends = Ints{kLargest}}, {shape})), "C, D");
  EXPECT_EQ(elements(add(op::Slice{.starts = Ints{3}, .ends = Ints{0}, .steps = Ints{-2}}, {shape})), "D, B");
}

TEST_F(SliceInference, Refuses) {
  const ValueId x = input("f32[A,10]");
  EXPECT_EQ(error(op::Slice{.starts = Ints{0}, .ends = Ints{1}, .steps = Ints{0}}, {x}),
            "slice: steps[0] is 0");
  EXPECT_EQ(error(op::Slice{.starts = Ints{0}}, {x}), "slice: starts or ends are missing");
  EXPECT_EQ(error(op::Slice{.starts = Ints{0, 0}, .ends = Ints{1}}, {x}),
            "slice: starts, ends, axes and steps have 2 and 1 entries");
  EXPECT_NE(error(op::Slice{.starts = Ints{0, 0}, .ends = Ints{1, 1}, .axes = Ints{1, -1}}, {x}), "");
  EXPECT_NE(error(op::Slice{.starts = Ints{0}, .ends = Ints{1}, .axes = Ints{2}}, {x}), "");
}

}  // namespace
}  // namespace tenon
