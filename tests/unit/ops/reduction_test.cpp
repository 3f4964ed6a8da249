#include "inference_fixture.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/cumulative.hpp"
#include "ops/group_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"

namespace tenon {
namespace {

using ReductionInference = InferenceTest;

op::Reduce sum_over(std::vector<std::int64_t> axes, bool keep_dims, bool noop = false) {
  op::Reduce reduce;
  reduce.axes = std::move(axes);
  reduce.keep_dims = keep_dims;
  reduce.noop_with_empty_axes = noop;
  return reduce;
}

TEST_F(ReductionInference, AxesByFieldAndByOperand) {
  const ValueId x = input("f32[N,C,H]");
  EXPECT_EQ(type(add(sum_over({-1}, true), {x})), spelled("f32[N,C,1]"));
  EXPECT_EQ(type(add(sum_over({0, 2}, false), {x})), spelled("f32[C]"));
  EXPECT_EQ(type(add(sum_over({}, false), {x})), "f32[]");
  EXPECT_EQ(type(add(sum_over({}, true, true), {x})), spelled("f32[N,C,H]"));
  EXPECT_EQ(type(add(sum_over({}, false), {x, ints({1})})), spelled("f32[N,H]"));
  EXPECT_EQ(type(add(sum_over({}, true), {x, input("i64[K]")})), spelled("f32[?,?,?]"));
  EXPECT_EQ(type(add(sum_over({}, false), {x, input("i64[2]")})), "f32[*]");
}

TEST_F(ReductionInference, RefusesWrongAxes) {
  const ValueId x = input("f32[N,C]");
  EXPECT_NE(error(sum_over({2}, true), {x}), "");
  EXPECT_NE(error(sum_over({1, -1}, true), {x}), "");
  EXPECT_NE(error(sum_over({1}, true), {x, ints({1})}), "");
  EXPECT_NE(error(op::Softmax{2}, {x}), "");
  EXPECT_NE(error(op::CumSum{}, {x, scalar(5)}), "");
  EXPECT_NE(error(op::ArgMax{}, {input("f32[0,3]")}), "");
  EXPECT_NE(error(sum_over({0}, true), {input("str[3]")}), "");
}

TEST_F(ReductionInference, FamiliesAreDifferentOperators) {
  op::Reduce mean;
  mean.fn = op::ReduceFn::mean;
  EXPECT_EQ(Op(mean).name(), "reduce_mean");
  EXPECT_FALSE(Op(mean) == Op(op::Reduce{}));
}

TEST_F(ReductionInference, LayerNormGivesStatisticsWhereAsked) {
  const ValueId x = input("f16[N,S,768]");
  const std::vector<ValueId> outputs =
      graph_.add_node(op::LayerNorm{}, {x, input("f16[768]"), input("f16[768]")}, 3);
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(type(outputs[0]), spelled("f16[N,S,768]"));
  EXPECT_EQ(type(outputs[1]), spelled("f32[N,S,1]"));
  EXPECT_EQ(type(outputs[2]), spelled("f32[N,S,1]"));
  EXPECT_NE(error(op::LayerNorm{}, {x, input("f16[767]")}), "");
}

TEST_F(ReductionInference, GroupNormDividesChannels) {
  op::GroupNorm norm;
  norm.num_groups = 4;
  EXPECT_EQ(error(norm, {input("f32[N,8,H,W]"), input("f32[8]"), input("f32[8]")}), "");
  EXPECT_NE(error(norm, {input("f32[N,6,H,W]"), input("f32[6]"), input("f32[6]")}), "");
  EXPECT_NE(error(norm, {input("f32[N,8,H,W]"), input("f32[7]"), input("f32[7]")}), "");
}

}  // namespace
}  // namespace tenon
