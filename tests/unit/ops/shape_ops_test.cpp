// Operators that only change the shape, and the shape arithmetic that feeds them.
#include "inference_fixture.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/expand.hpp"
#include "ops/flatten.hpp"
#include "ops/gather.hpp"
#include "ops/identity.hpp"
#include "ops/range.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/size.hpp"
#include "ops/slice.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/tile.hpp"
#include "ops/transpose.hpp"
#include "ops/unsqueeze.hpp"

namespace tenon {
namespace {

using Ints = std::vector<std::int64_t>;
using ShapeOps = InferenceTest;

TEST_F(ShapeOps, ReshapeSolvesTheOpenDim) {
  const ValueId x = input("f32[N,12,H,W]");
  EXPECT_EQ(type(add(op::Reshape{}, {x, ints({0, -1})})), spelled("f32[N,12*H*W]"));
  EXPECT_EQ(type(add(op::Reshape{}, {x, ints({-1, 3, 4})})), spelled("f32[N*H*W,3,4]"));
  EXPECT_EQ(type(add(op::Reshape{}, {x, ints({0, 3, 4, -1})})), spelled("f32[N,3,4,H*W]"));
}

TEST_F(ShapeOps, ReshapeCopiesDimsThatAreUnknown) {
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[?,3,4]"), ints({0, -1})})), "f32[?,12]");
}

TEST_F(ShapeOps, ReshapeSolvesAnEntryThatCannotBeFollowed) {
  const ValueId computed = input("i64[3]");
  const ValueId last = add(op::Slice{.starts = Ints{2}, .ends = Ints{3}}, {computed});
  const ValueId shape = add(op::Concat{}, {ints({2, 3}), last});
  EXPECT_EQ(elements(shape), "2, 3, ?");
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[6,N]"), shape})), "f32[2,3,N]");
}

TEST_F(ShapeOps, ReshapeByAnUnknownShapeKeepsTheRank) {
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[2,3]"), input("i64[3]")})), "f32[?,?,?]");
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[2,3]"), input("i64[K]")})), "f32[*]");
}

TEST_F(ShapeOps, ReshapeTakesZeroLiterallyOnRequest) {
  EXPECT_EQ(type(add(op::Reshape{.allow_zero = true}, {input("f32[0,7]"), ints({3, 0})})), "f32[3,0]");
  EXPECT_NE(error(op::Reshape{.allow_zero = true}, {input("f32[0,7]"), ints({-1, 0})}), "");
}

TEST_F(ShapeOps, ReshapeOfNothingByACopiedZero) {
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[0,2]"), ints({0})})), "f32[0]");
  EXPECT_EQ(type(add(op::Reshape{}, {input("f32[0,2]"), ints({0, 5})})), "f32[0,5]");
}

TEST_F(ShapeOps, ReshapeRefusesOtherElementCounts) {
  EXPECT_EQ(error(op::Reshape{}, {input("f32[2,3]"), ints({4, 2})}),
            "reshape: [2,3] cannot be reshaped to [4,2]");
  EXPECT_EQ(error(op::Reshape{}, {input("f32[2,3]"), ints({4, -1})}),
            "reshape: [2,3] cannot be reshaped to [4,-1]");
  EXPECT_EQ(error(op::Reshape{}, {input("f32[2,3]"), ints({-1, -1})}),
            "reshape: the shape has more than one -1");
  EXPECT_EQ(error(op::Reshape{}, {input("f32[6]"), ints({2, 0})}),
            "reshape: entry 1 of the shape copies a dim, but the operand has rank 1");
}

// The idiom x.view(x.size(0), -1) as exporters write it.
TEST_F(ShapeOps, ComputedShapesAreFollowed) {
  const ValueId x = input("f32[N,8,H,W]");
  const ValueId batch = add(op::Gather{}, {add(op::ShapeOf{}, {x}), scalar(0)});
  EXPECT_EQ(elements(batch), "N");
  const ValueId batch_list = add(op::Unsqueeze{.axes = Ints{0}}, {add(op::Identity{}, {batch})});
  const ValueId shape = add(op::Concat{}, {batch_list, ints({-1})});
  EXPECT_EQ(elements(shape), "N, -1");
  EXPECT_EQ(type(add(op::Reshape{}, {x, shape})), spelled("f32[N,8*H*W]"));
}

TEST_F(ShapeOps, ShapeTakesARange) {
  const ValueId x = input("f32[N,3,H,W]");
  EXPECT_EQ(elements(add(op::ShapeOf{.start = 2}, {x})), "H, W");
  EXPECT_EQ(elements(add(op::ShapeOf{.start = -3, .end = -1}, {x})), "3, H");
  EXPECT_EQ(type(add(op::ShapeOf{.start = 3, .end = 1}, {x})), "i64[0]");
  EXPECT_EQ(type(add(op::ShapeOf{.start = -9, .end = 9}, {x})), "i64[4]");
  EXPECT_EQ(type(add(op::ShapeOf{}, {input("f32[*]")})), "i64[?]");
}

TEST_F(ShapeOps, SizeIsTheProduct) {
  EXPECT_EQ(elements(add(op::SizeOf{}, {input("f32[N,3]")})), Dim::parse("3*N").to_string());
  EXPECT_EQ(elements(add(op::SizeOf{}, {input("f32[]")})), "1");
}

TEST_F(ShapeOps, FlattenSplitsAtTheAxis) {
  const ValueId x = input("f32[N,2,3,4]");
  EXPECT_EQ(type(add(op::Flatten{}, {x})), "f32[N,24]");
  EXPECT_EQ(type(add(op::Flatten{.axis = 0}, {x})), spelled("f32[1,24*N]"));
  EXPECT_EQ(type(add(op::Flatten{.axis = -1}, {x})), spelled("f32[6*N,4]"));
  EXPECT_EQ(type(add(op::Flatten{.axis = 4}, {x})), spelled("f32[24*N,1]"));
  EXPECT_EQ(error(op::Flatten{.axis = 5}, {x}), "flatten: axis 5 is outside [-4, 4]");
}

TEST_F(ShapeOps, SqueezeDropsExtentOne) {
  const ValueId x = input("f32[1,N,1,4]");
  EXPECT_EQ(type(add(op::Squeeze{.axes = Ints{-2}}, {x})), "f32[1,N,4]");
  EXPECT_EQ(type(add(op::Squeeze{}, {input("f32[1,3,1]")})), "f32[3]");
  EXPECT_EQ(type(add(op::Squeeze{}, {x})), "f32[*]") << "N might be 1";
  EXPECT_EQ(type(add(op::Squeeze{}, {x, ints({0, 2})})), "f32[N,4]");
  EXPECT_EQ(type(add(op::Squeeze{}, {x, input("i64[2]")})), "f32[?,?]");
  EXPECT_EQ(error(op::Squeeze{.axes = Ints{3}}, {x}), "squeeze: axis 3 has extent 4, expected 1");
  EXPECT_EQ(error(op::Squeeze{.axes = Ints{0}}, {x, ints({0})}),
            "squeeze: axes is given both as a field and as operand 1");
}

TEST_F(ShapeOps, UnsqueezeCountsAxesOfTheResult) {
  const ValueId x = input("f32[A,B]");
  EXPECT_EQ(type(add(op::Unsqueeze{.axes = Ints{-1, 0}}, {x})), "f32[1,A,B,1]");
  EXPECT_EQ(type(add(op::Unsqueeze{}, {x, ints({1})})), "f32[A,1,B]");
  EXPECT_NE(error(op::Unsqueeze{.axes = Ints{1, -3}}, {x}), "") << "both name axis 1 of the result";
}

TEST_F(ShapeOps, TransposePermutes) {
  const ValueId x = input("f32[N,3,H,W]");
  EXPECT_EQ(type(add(op::Transpose{.perm = {0, 2, 3, 1}}, {x})), "f32[N,H,W,3]");
  EXPECT_EQ(type(add(op::Transpose{}, {x})), "f32[W,H,3,N]");
  EXPECT_EQ(type(add(op::Transpose{.perm = {1, 0}}, {input("f32[*]")})), "f32[?,?]");
  EXPECT_EQ(error(op::Transpose{.perm = {0, 0}}, {input("f32[2,3]")}),
            "transpose: perm [0, 0] is not a permutation");
}

TEST_F(ShapeOps, ExpandBroadcastsBothWays) {
  EXPECT_EQ(type(add(op::Expand{}, {input("f32[3,1]"), ints({2, 1, 6})})), "f32[2,3,6]");
  EXPECT_EQ(type(add(op::Expand{}, {input("f32[1,C]"), add(op::ShapeOf{}, {input("f32[N,C]")})})),
            "f32[N,C]");
  EXPECT_EQ(elements(add(op::Expand{}, {ints({7}), ints({3})})), "7, 7, 7");
  EXPECT_NE(error(op::Expand{}, {input("f32[3]"), ints({4})}), "");
}

TEST_F(ShapeOps, TileMultiplies) {
  EXPECT_EQ(type(add(op::Tile{}, {input("f32[N,3]"), ints({2, 4})})), spelled("f32[2*N,12]"));
  EXPECT_EQ(type(add(op::Tile{}, {input("f32[N,3]"), input("i64[2]")})), "f32[?,?]");
  EXPECT_EQ(error(op::Tile{}, {input("f32[N,3]"), ints({2})}), "tile: 1 repeats for a rank-2 tensor");
}

TEST_F(ShapeOps, ConcatAddsAlongTheAxis) {
  EXPECT_EQ(type(add(op::Concat{.axis = 1}, {input("f32[N,2,H]"), input("f32[N,C,H]"), input("f32[?,3,5]")})),
            spelled("f32[N,C + 5,5]"));
  EXPECT_EQ(type(add(op::Concat{.axis = -1}, {input("f32[2]"), input("f32[*]")})), "f32[*]");
  EXPECT_NE(error(op::Concat{.axis = 0}, {input("f32[2,3]"), input("f32[2,4]")}), "");
  EXPECT_NE(error(op::Concat{.axis = 0}, {input("f32[2]"), input("i32[2]")}), "");
}

TEST_F(ShapeOps, SplitIntoEqualParts) {
  const auto parts = graph_.add_node(op::Split{.axis = 1, .num_outputs = 3}, {input("f32[N,7]")});
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(type(parts[0]), "f32[N,3]");
  EXPECT_EQ(type(parts[2]), "f32[N,1]");
  const auto halves = graph_.add_node(op::Split{.axis = 0}, {input("f32[4*N]")}, 2);
  EXPECT_EQ(type(halves[1]), spelled("f32[2*N]"));
}

TEST_F(ShapeOps, SplitOfASymbolicDimCoversItForEveryValue) {
  const auto parts = graph_.add_node(op::Split{.num_outputs = 4}, {input("f32[N]")});
  for (std::int64_t n = 0; n < 12; ++n) {
    std::int64_t left = n;
    const std::int64_t part = (n + 3) / 4;
    for (const ValueId id : parts) {
      const std::int64_t expected = std::min(part, left);
      EXPECT_EQ((*graph_.type(id).as_tensor().dims)[0].eval({{"N", n}}), expected) << "N = " << n;
      left -= expected;
    }
  }
}

TEST_F(ShapeOps, SplitBySizes) {
  const auto parts = graph_.add_node(op::Split{.sizes = Ints{2, 4}}, {input("f32[6,N]")});
  EXPECT_EQ(type(parts[1]), "f32[4,N]");
  EXPECT_NE(error(op::Split{.sizes = Ints{2, 3}}, {input("f32[6]")}), "");
  const auto values =
      graph_.add_node(op::Split{.sizes = Ints{1, 2}}, {add(op::ShapeOf{}, {input("f32[A,B,C]")})});
  EXPECT_EQ(elements(values[1]), "B, C");
}

TEST_F(ShapeOps, GatherReplacesTheAxis) {
  EXPECT_EQ(type(add(op::Gather{.axis = 1}, {input("f32[N,10,C]"), input("i64[A,B]")})), "f32[N,A,B,C]");
  EXPECT_EQ(type(add(op::Gather{}, {input("f32[V,E]"), scalar(3)})), "f32[E]");
  EXPECT_EQ(elements(add(op::Gather{}, {add(op::ShapeOf{}, {input("f32[A,B,C]")}), ints({-1, 0})})), "C, A");
  EXPECT_EQ(error(op::Gather{}, {ints({1, 2}), scalar(2)}), "gather: index 2 is outside [-2, 2)");
}

TEST_F(ShapeOps, RangeCountsItsElements) {
  EXPECT_EQ(elements(add(op::Range{}, {scalar(1), scalar(8), scalar(3)})), "1, 4, 7");
  EXPECT_EQ(elements(add(op::Range{}, {scalar(3), scalar(0), scalar(-2)})), "3, 1");
  EXPECT_EQ(type(add(op::Range{}, {scalar(3), scalar(0), scalar(2)})), "i64[0]");
  const ValueId n = add(op::Gather{}, {add(op::ShapeOf{}, {input("f32[N]")}), scalar(0)});
  EXPECT_EQ(type(add(op::Range{}, {scalar(0), n, scalar(1)})), "i64[N]");
  const ValueId real = constant<float>({}, {0.5F});
  EXPECT_EQ(type(add(op::Range{}, {constant<float>({}, {0.F}), constant<float>({}, {2.F}), real})), "f32[4]");
  EXPECT_EQ(type(add(op::Range{}, {input("f32[]"), input("f32[]"), real})), "f32[?]");
  EXPECT_EQ(error(op::Range{}, {scalar(0), scalar(4), scalar(0)}), "range: delta is 0");
}

TEST_F(ShapeOps, ConstantOfShapeFollowsTheShape) {
  const ValueId shape = add(op::ShapeOf{}, {input("f32[N,3]")});
  EXPECT_EQ(type(add(op::ConstantOfShape{}, {shape})), "f32[N,3]");
  const std::int64_t seven = 7;
  const op::ConstantOfShape sevens{.value = Tensor::of<std::int64_t>({1}, std::span(&seven, 1))};
  EXPECT_EQ(elements(add(sevens, {ints({2})})), "7, 7");
  EXPECT_EQ(error(op::ConstantOfShape{}, {ints({-2})}),
            "constant_of_shape: the shape has the negative dim -2");
}

}  // namespace
}  // namespace tenon
