#include "ops/linear_attention.hpp"

#include "inference_fixture.hpp"

namespace tenon {
namespace {

using LinearAttentionInference = InferenceTest;

op::LinearAttention shared() { return {4, 2, 0.5F}; }

TEST_F(LinearAttentionInference, GivesTheAttendedValuesAndTheState) {
  const ValueId q = input("f32[B,T,32]"), k = input("f32[B,T,16]"), v = input("f32[B,T,10]");
  const auto results = graph_.add_node(shared(), {q, k, v}, 2);
  EXPECT_EQ(type(results[0]), spelled("f32[B,T,20]"));
  EXPECT_EQ(type(results[1]), spelled("f32[B,2,8,5]"));
  const ValueId state = input("f16[B,2,8,5]"), decay = input("f32[B,T,16]"), beta = input("f32[B,T,1]");
  EXPECT_EQ(type(graph_.add_node(shared(), {q, k, v, state, decay, beta}, 2)[1]), spelled("f16[B,2,8,5]"));
}

TEST_F(LinearAttentionInference, RefusesWhatDoesNotFit) {
  const ValueId q = input("f32[B,T,32]"), k = input("f32[B,T,16]"), v = input("f32[B,T,10]");
  EXPECT_NE(error(op::LinearAttention{3, 2, 1}, {q, k, v}), "");
  EXPECT_NE(error(shared(), {q, input("f32[B,T,18]"), v}), "");
  EXPECT_NE(error(shared(), {q, k, v, input("f32[B,2,8,6]")}), "");
  EXPECT_NE(error(shared(), {q, k, v, {}, input("f32[B,T,3]")}), "");
  EXPECT_NE(error(shared(), {q, k, v, {}, {}, input("f32[B,T,3]")}), "");
}

}  // namespace
}  // namespace tenon
