#include "inference_fixture.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/pointwise.hpp"
#include "ops/shape.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

namespace tenon {
namespace {

using ElementwiseInference = InferenceTest;

TEST_F(ElementwiseInference, BroadcastsSymbolicDims) {
  const ValueId x = input("f32[N,3,H,W]");
  EXPECT_EQ(type(add(op::binary(PointwiseFn::add), {x, input("f32[3,1,1]")})), spelled("f32[N,3,H,W]"));
  EXPECT_EQ(type(add(op::binary(PointwiseFn::add), {x, input("f32[N,3,H,W]")})), spelled("f32[N,3,H,W]"));
  EXPECT_EQ(type(add(op::binary(PointwiseFn::add), {x, input("f32[N,1,16,1]")})), spelled("f32[N,3,16,W]"));
  EXPECT_EQ(type(add(op::binary(PointwiseFn::add), {x, input("f32[1,1,H,V]")})), spelled("f32[N,3,H,?]"));
  EXPECT_EQ(type(add(op::binary(PointwiseFn::add), {x, input("f32[*]")})), "f32[*]");
  EXPECT_EQ(type(add(op::binary(PointwiseFn::less), {x, x})), spelled("bool[N,3,H,W]"));
}

TEST_F(ElementwiseInference, RefusesWhatCannotFit) {
  const ValueId x = input("f32[N,3]");
  EXPECT_NE(error(op::binary(PointwiseFn::add), {x, input("f32[N,4]")}), "");
  EXPECT_NE(error(op::binary(PointwiseFn::add), {x, input("i64[N,3]")}), "");
  EXPECT_NE(error(op::unary(PointwiseFn::exp), {input("i32[4]")}), "");
  EXPECT_NE(error(op::unary(PointwiseFn::neg), {input("u8[4]")}), "");
  EXPECT_NE(error(op::binary(PointwiseFn::bit_and), {x, x}), "");
  EXPECT_NE(error(op::Where{}, {x, x, x}), "");
  EXPECT_EQ(error(op::binary(PointwiseFn::pow), {x, input("i64[3]")}), "");
  EXPECT_EQ(error(op::binary(PointwiseFn::equal), {input("str[2]"), input("str[2]")}), "");
}

TEST_F(ElementwiseInference, FollowsShapeArithmetic) {
  const ValueId n = graph_.add_input("n", Type::parse("i64[1]"));
  EXPECT_EQ(elements(add(op::binary(PointwiseFn::add), {n, ints({1})})), "none");
  EXPECT_EQ(elements(add(op::binary(PointwiseFn::mul), {ints({2, 3}), ints({4})})), "8, 12");
  EXPECT_EQ(elements(add(op::binary(PointwiseFn::div), {ints({-7}), ints({2})})), "-3");
  EXPECT_EQ(elements(add(op::binary(PointwiseFn::sub), {scalar(3), scalar(5)})), "-2");
  const bool flags[] = {true, false};
  const ValueId choice = graph_.add_constant(Tensor::of<bool>({2}, flags));
  EXPECT_EQ(elements(add(op::Where{}, {choice, ints({1, 2}), ints({7})})), "1, 7");
}

// How exporters write an expand whose target may hold -1 for "as it is".
TEST_F(ElementwiseInference, DecidesComparisonsOfShapes) {
  const ValueId shape = add(op::ShapeOf{}, {input("f32[N,3]")});
  const ValueId is_minus_one = add(op::binary(PointwiseFn::equal), {shape, ints({-1})});
  EXPECT_EQ(elements(is_minus_one), "0, 0");
  EXPECT_EQ(elements(add(op::Where{}, {is_minus_one, ints({1}), shape})), "N, 3");
  const ValueId is_three = add(op::binary(PointwiseFn::equal), {shape, ints({3})});
  EXPECT_EQ(elements(is_three), "?, 1");
  EXPECT_EQ(elements(add(op::Where{}, {is_three, ints({1, 1}), ints({2, 2})})), "?, 1");
  EXPECT_EQ(elements(add(op::Where{}, {is_three, ints({5, 1}), ints({5, 2})})), "5, 1");
}

TEST_F(ElementwiseInference, KnowsDivisionByZeroIsNoExpression) {
  EXPECT_EQ(elements(add(op::binary(PointwiseFn::div), {ints({4}), ints({0})})), "none");
}

TEST_F(ElementwiseInference, CastKeepsKnownIntegers) {
  op::Cast cast;
  cast.to = DataType::i32;
  EXPECT_EQ(elements(add(cast, {ints({3, 4})})), "3, 4");
  cast.to = DataType::f16;
  EXPECT_EQ(type(add(cast, {input("i8[N,2]")})), spelled("f16[N,2]"));
}

TEST_F(ElementwiseInference, ProgramsBroadcastAndCheckTheirRegisters) {
  const ValueId x = input("f32[N,8]");
  op::Pointwise group{PointwiseProgram::parse("(2) %2 = add %0 %1; %3 = less %2 %0")};
  EXPECT_EQ(type(add(group, {x, input("f32[8]")})), spelled("bool[N,8]"));
  EXPECT_NE(error(group, {x}), "");
  EXPECT_NE(error(group, {x, input("i32[8]")}), "");
  EXPECT_NE(error(op::Pointwise{PointwiseProgram::parse("(1) %1 = bit_not %0")}, {x}), "");
}

}  // namespace
}  // namespace tenon
