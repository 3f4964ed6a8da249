// Inference of indexing, selection and spatial rearrangement.
#include "inference_fixture.hpp"
#include "ops/affine_grid.hpp"
#include "ops/bitcast.hpp"
#include "ops/center_crop_pad.hpp"
#include "ops/col2im.hpp"
#include "ops/compress.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/eye_like.hpp"
#include "ops/gather_elements.hpp"
#include "ops/gather_nd.hpp"
#include "ops/non_max_suppression.hpp"
#include "ops/non_zero.hpp"
#include "ops/one_hot.hpp"
#include "ops/pad.hpp"
#include "ops/reorder.hpp"
#include "ops/reverse_sequence.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/shape.hpp"
#include "ops/space_to_depth.hpp"
#include "ops/tensor_scatter.hpp"
#include "ops/top_k.hpp"
#include "ops/trilu.hpp"
#include "ops/unique.hpp"

namespace tenon {
namespace {

using Ints = std::vector<std::int64_t>;
using Indexing = InferenceTest;

TEST_F(Indexing, PadAddsBothEnds) {
  const ValueId x = input("f32[N,3,H,W]");
  EXPECT_EQ(type(add(op::Pad{.pads = Ints{0, 0, 1, 2, 0, 0, 1, 3}}, {x})), spelled("f32[N,3,H + 2,W + 5]"));
  EXPECT_EQ(type(add(op::Pad{.pads = Ints{1, -1}, .axes = Ints{-1}}, {x})), "f32[N,3,H,W]");
  EXPECT_EQ(type(add(op::Pad{}, {x, input("i64[8]")})), "f32[?,?,?,?]");
  EXPECT_EQ(error(op::Pad{.pads = Ints{1, 1}}, {x}), "pad: pads have 2 entries, expected 8 for 4 axes");
  EXPECT_EQ(error(op::Pad{.pads = Ints{-2, -2}}, {input("f32[3]")}),
            "pad: axis 0 of extent 3 is padded to -1");
  EXPECT_NE(error(op::Pad{.mode = op::PadMode::edge, .pads = Ints{1, 1}}, {input("f32[0]")}), "");
}

TEST_F(Indexing, GatherVariants) {
  EXPECT_EQ(type(add(op::GatherElements{.axis = 1}, {input("f32[N,9]"), input("i64[N,K]")})), "f32[N,K]");
  EXPECT_EQ(type(add(op::GatherNd{}, {input("f32[A,B,C]"), input("i64[N,2]")})), "f32[N,C]");
  EXPECT_EQ(type(add(op::GatherNd{.batch_dims = 1}, {input("f32[A,B,C]"), input("i64[A,N,1]")})),
            "f32[A,N,C]");
  EXPECT_EQ(type(add(op::GatherNd{}, {input("f32[A,B,C]"), input("i64[N,K]")})), "f32[*]");
  EXPECT_NE(error(op::GatherNd{}, {input("f32[A,B]"), input("i64[N,3]")}), "");
  EXPECT_NE(error(op::GatherElements{.axis = 1}, {input("f32[2,9]"), input("i64[3,9]")}), "");
  EXPECT_NE(error(op::GatherElements{}, {input("f32[2]"), input("f32[2]")}), "");
}

TEST_F(Indexing, ScatterKeepsTheShape) {
  EXPECT_EQ(type(add(op::ScatterElements{}, {input("f32[N,9]"), input("i64[2,3]"), input("f32[2,3]")})),
            "f32[N,9]");
  EXPECT_EQ(type(add(op::ScatterNd{}, {input("f32[A,B]"), input("i64[K,1]"), input("f32[K,B]")})),
            "f32[A,B]");
  EXPECT_NE(error(op::ScatterNd{}, {input("f32[5,4]"), input("i64[2,1]"), input("f32[2,3]")}), "");
  EXPECT_NE(error(op::ScatterElements{.reduction = op::ScatterReduction::add},
                  {input("str[2]"), input("i64[1]"), input("str[1]")}),
            "");
  EXPECT_EQ(type(add(op::TensorScatter{}, {input("f32[N,8,S,64]"), input("f32[N,8,1,64]"), input("i64[N]")})),
            "f32[N,8,S,64]");
  EXPECT_NE(error(op::TensorScatter{.axis = 0}, {input("f32[2,3]"), input("f32[2,3]")}), "");
}

TEST_F(Indexing, DataDependentExtentsAreUnknown) {
  EXPECT_EQ(type(add(op::NonZero{}, {input("f32[N,3]")})), "i64[2,?]");
  EXPECT_EQ(type(add(op::Compress{.axis = 1}, {input("f32[N,3]"), input("bool[3]")})), "f32[N,?]");
  EXPECT_EQ(type(add(op::Compress{}, {input("f32[N,3]"), input("bool[3]")})), "f32[?]");
  EXPECT_EQ(type(add(op::NonMaxSuppression{}, {input("f32[N,K,4]"), input("f32[N,C,K]")})), "i64[?,3]");
  const auto all = graph_.add_node(op::Unique{.axis = 1}, {input("f32[N,M]")});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(type(all[0]), "f32[N,?]");
  EXPECT_EQ(type(all[2]), "i64[M]");
}

TEST_F(Indexing, OneHotAndTopK) {
  const ValueId values = input("f32[2]");
  EXPECT_EQ(type(add(op::OneHot{}, {input("i64[N,M]"), scalar(10), values})), "f32[N,M,10]");
  EXPECT_EQ(type(add(op::OneHot{.axis = 1}, {input("f32[N,M]"), constant<float>({1}, {4}), values})),
            "f32[N,4,M]");
  EXPECT_EQ(type(add(op::OneHot{}, {input("i64[N]"), input("i64[]"), values})), "f32[N,?]");
  EXPECT_EQ(error(op::OneHot{}, {input("i64[N]"), constant<double>({}, {1e30}), values}),
            "one_hot: depth is 1e+30");
  EXPECT_NE(error(op::OneHot{}, {input("str[N]"), scalar(2), values}), "");
  const auto top = graph_.add_node(op::TopK{.axis = 0}, {input("f32[N,M]"), ints({5})});
  EXPECT_EQ(type(top[0]), "f32[5,M]");
  EXPECT_EQ(type(top[1]), "i64[5,M]");
  EXPECT_EQ(error(op::TopK{.k = 4}, {input("f32[3]")}), "top_k: k is 4, expected 0 to 3");
  EXPECT_EQ(error(op::TopK{}, {input("f32[3]")}), "top_k: k is missing");
}

TEST_F(Indexing, SpatialRearrangement) {
  EXPECT_EQ(type(add(op::DepthToSpace{.blocksize = 2}, {input("f32[N,12,H,W]")})),
            spelled("f32[N,3,2*H,2*W]"));
  EXPECT_EQ(type(add(op::SpaceToDepth{.blocksize = 2}, {input("f32[N,3,8,2*W]")})), spelled("f32[N,12,4,W]"));
  EXPECT_NE(error(op::DepthToSpace{.blocksize = 2}, {input("f32[1,6,2,2]")}), "");
  EXPECT_NE(error(op::SpaceToDepth{.blocksize = 2}, {input("f32[1,6,3,2]")}), "");
  EXPECT_EQ(type(add(op::Col2Im{}, {input("f32[N,5*C,5]"), ints({5, 5}), ints({1, 5})})), "f32[N,C,5,5]");
  EXPECT_EQ(type(add(op::CenterCropPad{.axes = Ints{1}}, {input("f32[N,20]"), ints({8})})), "f32[N,8]");
  EXPECT_EQ(type(add(op::AffineGrid{}, {input("f32[N,2,3]"), ints({4, 3, 5, 6})})), "f32[4,5,6,2]");
  EXPECT_EQ(type(add(op::AffineGrid{}, {input("f32[N,3,4]"), input("i64[5]")})), "f32[N,?,?,?,3]");
  EXPECT_NE(error(op::AffineGrid{}, {input("f32[N,3,4]"), input("i64[4]")}), "");
}

TEST_F(Indexing, ShapePreserving) {
  EXPECT_EQ(type(add(op::Trilu{}, {input("f32[N,M]")})), "f32[N,M]");
  EXPECT_EQ(type(add(op::EyeLike{.dtype = DataType::f16}, {input("i32[N,M]")})), "f16[N,M]");
  EXPECT_EQ(type(add(op::ReverseSequence{}, {input("f32[T,B,C]"), input("i64[B]")})), "f32[T,B,C]");
  EXPECT_EQ(type(add(op::Bitcast{.to = DataType::i32}, {input("f32[N]")})), "i32[N]");
  EXPECT_EQ(error(op::Bitcast{.to = DataType::i64}, {input("f32[N]")}),
            "bitcast: f32 and i64 are not of the same width");
  EXPECT_NE(error(op::Trilu{}, {input("f32[N]")}), "");
}

TEST_F(Indexing, ReorderChangesTheLayout) {
  const ValueId blocked = add(op::Reorder{.to = "nchw16c"}, {input("f32[N,20,H,W]")});
  EXPECT_EQ(type(blocked), "f32[N,20,H,W]@nchw16c");
  EXPECT_EQ(type(add(op::Reorder{.from = "nchw16c", .extents = Ints{20}}, {blocked})), "f32[N,20,H,W]");
  EXPECT_EQ(type(add(op::Reorder{.from = "nchw16c", .to = "nhwc"}, {blocked})), "f32[N,20,H,W]@nhwc");
  EXPECT_NE(error(op::Reorder{.from = "nchw16c", .extents = Ints{21}}, {blocked}), "");
  EXPECT_NE(error(op::Reorder{.from = "nhwc"}, {blocked}), "");
  EXPECT_NE(error(op::Trilu{}, {blocked}), "") << "other operators take plain tensors";
}

TEST_F(Indexing, ReorderChangesTheStoredType) {
  const ValueId rounded = add(op::Reorder{.to = "nchw16c:bf16"}, {input("f32[N,20,H,W]")});
  EXPECT_EQ(type(rounded), "f32[N,20,H,W]@nchw16c:bf16");
  EXPECT_EQ(type(add(op::Reorder{.from = "nchw16c:bf16", .to = ":f16"}, {rounded})), "f32[N,20,H,W]@:f16");
  EXPECT_EQ(type(add(op::Reorder{.from = ":bf16"}, {input("bf16[3]")})), "f32[3]") << "a stored array";
  EXPECT_NE(error(op::Reorder{.from = ":bf16"}, {input("f32[3]")}), "");
  EXPECT_NE(error(op::Reorder{.from = "nchw16c"}, {rounded}), "");
  EXPECT_NE(error(op::Reorder{.to = ":bf16"}, {input("i32[3]")}), "") << "only f32 is stored in another type";
}

TEST_F(Indexing, LogicalDimsOfAStoredArray) {
  const Layout layout = Layout::channel_blocked(16);
  const Dims logical{2, 20, 7, 5};
  const Dims stored = layout.physical_dims(logical);
  EXPECT_EQ(op::logical_dims(layout, stored, Ints{20}), logical);
  EXPECT_EQ(op::logical_dims(layout, stored, std::nullopt), (Dims{2, 32, 7, 5}));
  EXPECT_THROW(op::logical_dims(layout, stored, Ints{33}), ModelError);
}

}  // namespace
}  // namespace tenon
