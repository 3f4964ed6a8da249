#include "inference_fixture.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/grid_sample.hpp"
#include "ops/lstm.hpp"
#include "ops/qlinear_conv.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/registry.hpp"
#include "ops/resize.hpp"
#include "ops/roi_align.hpp"

namespace tenon {
namespace {

using ComputeInference = InferenceTest;

TEST_F(ComputeInference, ResizeScalesSymbols) {
  const ValueId x = input("f32[N,8,H,W]");
  op::Resize resize;
  resize.scales = {1, 1, 2, 0.5F};
  EXPECT_EQ(type(add(resize, {x})), spelled("f32[N,8,2*H,floordiv(W, 2)]"));
  resize.scales = {1, 1, 1.3F, 1};
  EXPECT_EQ(type(add(resize, {x})), spelled("f32[N,8,?,W]"));
  resize.scales = {};
  resize.axes = {-1, 2};
  resize.sizes = {20, 10};
  EXPECT_EQ(type(add(resize, {x})), spelled("f32[N,8,10,20]"));
  resize.sizes = {};
  EXPECT_EQ(type(add(resize, {x, ValueId(), ValueId(), ints({5, 6})})), spelled("f32[N,8,6,5]"));
  EXPECT_NE(error(resize, {x}), "");
  EXPECT_NE(error(resize, {x, ValueId(), constant<float>({1}, {2})}), "");
  EXPECT_NE(error(resize, {x, ValueId(), constant<float>({2}, {2, -1})}), "");
}

TEST_F(ComputeInference, ResizeKeepsTheAspectRatio) {
  op::Resize resize;
  resize.axes = {2, 3};
  resize.sizes = {10, 10};
  resize.keep_aspect = op::KeepAspect::not_larger;
  EXPECT_EQ(type(add(resize, {input("f32[1,1,4,8]")})), spelled("f32[1,1,5,10]"));
  resize.keep_aspect = op::KeepAspect::not_smaller;
  EXPECT_EQ(type(add(resize, {input("f32[1,1,4,8]")})), spelled("f32[1,1,10,20]"));
  EXPECT_EQ(type(add(resize, {input("f32[1,1,H,8]")})), spelled("f32[1,1,?,?]"));
}

TEST_F(ComputeInference, LstmShapes) {
  op::Lstm lstm;
  lstm.hidden_size = 16;
  lstm.direction = op::Direction::bidirectional;
  const ValueId x = input("f32[T,B,8]");
  const ValueId w = input("f32[2,64,8]");
  const ValueId r = input("f32[2,64,16]");
  const std::vector<ValueId> outputs = graph_.add_node(lstm, {x, w, r});
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(type(outputs[0]), spelled("f32[T,2,B,16]"));
  EXPECT_EQ(type(outputs[2]), spelled("f32[2,B,16]"));
  lstm.batch_first = true;
  EXPECT_EQ(type(graph_.add_node(lstm, {x, w, r})[0]), spelled("f32[T,B,2,16]"));
  EXPECT_NE(error(lstm, {x, w, input("f32[2,64,15]")}), "");
  lstm.activations = {"sigmoid"};
  EXPECT_NE(error(lstm, {x, w, r}), "");
  lstm.activations = {"sigmoid", "tanh", "tanh", "sigmoid", "tanh", "no_such"};
  EXPECT_NE(error(lstm, {x, w, r}), "");
}

TEST_F(ComputeInference, QuantizationParametersFit) {
  const ValueId x = input("f32[N,8,H,W]");
  EXPECT_EQ(type(add(op::QuantizeLinear{}, {x, input("f32[]")})), spelled("u8[N,8,H,W]"));
  EXPECT_EQ(type(add(op::QuantizeLinear{}, {x, input("f32[8]"), input("i8[8]")})), spelled("i8[N,8,H,W]"));
  EXPECT_NE(error(op::QuantizeLinear{}, {x, input("f32[7]")}), "");
  EXPECT_NE(error(op::QuantizeLinear{}, {x, input("f32[8]"), input("i8[4]")}), "");
  EXPECT_NE(error(op::QuantizeLinear{}, {x, input("f32[]"), input("i64[]")}), "");
  op::QuantizeLinear blocked;
  blocked.block_size = 4;
  EXPECT_EQ(error(blocked, {x, input("f32[N,2,H,W]")}), "");
  EXPECT_NE(error(blocked, {x, input("f32[N,3,H,W]")}), "");
  EXPECT_EQ(type(add(op::DequantizeLinear{}, {input("i4[N,8]"), input("f16[8]")})), spelled("f16[N,8]"));
  EXPECT_EQ(type(graph_.add_node(op::DynamicQuantizeLinear{}, {x})[1]), "f32[]");
}

TEST_F(ComputeInference, SamplersTakeSizesFromTheirRegions) {
  op::RoiAlign align;
  align.output_height = 7;
  align.output_width = 5;
  EXPECT_EQ(type(add(align, {input("f32[1,C,H,W]"), input("f32[R,4]"), input("i64[R]")})),
            spelled("f32[R,C,7,5]"));
  EXPECT_NE(error(align, {input("f32[1,2,3,4]"), input("f32[6,5]"), input("i64[6]")}), "");
  EXPECT_EQ(type(add(op::GridSample{}, {input("f32[N,C,H,W]"), input("f32[N,P,Q,2]")})),
            spelled("f32[N,C,P,Q]"));
  EXPECT_NE(error(op::GridSample{}, {input("f32[N,C,H,W]"), input("f32[N,P,Q,3]")}), "");
}

TEST(BuiltinOps, EveryPrototypeSurvivesItsOwnAttributes) {
  for (const std::string& name : builtin_ops().names()) {
    const Op& prototype = *builtin_ops().find(name);
    EXPECT_EQ(prototype.name(), name);
    const Op copy = builtin_ops().make(name, prototype.attributes());
    EXPECT_TRUE(copy == prototype) << name;
    EXPECT_EQ(copy.hash(), prototype.hash()) << name;
  }
}

}  // namespace
}  // namespace tenon
