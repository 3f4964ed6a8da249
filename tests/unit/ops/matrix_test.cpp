#include "inference_fixture.hpp"
#include "ops/einsum.hpp"
#include "ops/matmul.hpp"
#include "ops/matmul_integer.hpp"

namespace tenon {
namespace {

using MatrixInference = InferenceTest;

TEST_F(MatrixInference, MatMulFollowsNumpy) {
  const ValueId a = input("f32[B,M,K]");
  EXPECT_EQ(type(add(op::MatMul{}, {a, input("f32[K,N]")})), spelled("f32[B,M,N]"));
  EXPECT_EQ(type(add(op::MatMul{}, {a, input("f32[4,1,K,N]")})), spelled("f32[4,B,M,N]"));
  EXPECT_EQ(type(add(op::MatMul{}, {a, input("f32[K]")})), spelled("f32[B,M]"));
  EXPECT_EQ(type(add(op::MatMul{}, {input("f32[K]"), input("f32[B,K,N]")})), spelled("f32[B,N]"));
  EXPECT_EQ(type(add(op::MatMul{}, {input("f32[K]"), input("f32[K]")})), "f32[]");
}

TEST_F(MatrixInference, MatMulTransposesAndChecks) {
  op::MatMul gemm;
  gemm.transpose_a = true;
  gemm.transpose_b = true;
  const ValueId a = input("f32[128,M]");
  const ValueId b = input("f32[10,128]");
  EXPECT_EQ(type(add(gemm, {a, b, input("f32[10]")})), spelled("f32[M,10]"));
  EXPECT_NE(error(gemm, {a, b, input("f32[9]")}), "");
  EXPECT_NE(error(op::MatMul{}, {b, b}), "");
  EXPECT_NE(error(op::MatMul{}, {b, input("f32[]")}), "");
  EXPECT_NE(error(op::MatMul{}, {b, input("f64[128,3]")}), "");
  gemm.alpha = 0.5F;
  EXPECT_NE(error(gemm, {input("i32[2,2]"), input("i32[2,2]")}), "");
}

TEST_F(MatrixInference, IntegerProductsAreI32) {
  EXPECT_EQ(type(add(op::MatMulInteger{}, {input("u8[N,4]"), input("i8[4,3]"), input("u8[]")})),
            spelled("i32[N,3]"));
  EXPECT_NE(error(op::MatMulInteger{}, {input("u8[2,4]"), input("i8[4,3]"), input("i8[]")}), "");
}

TEST_F(MatrixInference, EinsumNamesAxes) {
  auto einsum = [](std::string equation) { return op::Einsum{std::move(equation)}; };
  const ValueId a = input("f32[B,I,J]");
  const ValueId b = input("f32[B,J,K]");
  EXPECT_EQ(type(add(einsum("bij,bjk->bik"), {a, b})), spelled("f32[B,I,K]"));
  EXPECT_EQ(type(add(einsum("bij, bjk"), {a, b})), spelled("f32[I,K]"));
  EXPECT_EQ(type(add(einsum("...ij->...ji"), {a})), spelled("f32[B,J,I]"));
  EXPECT_EQ(type(add(einsum("...,...->..."), {a, input("f32[J]")})), spelled("f32[B,I,J]"));
  EXPECT_EQ(type(add(einsum("ii->i"), {input("f32[5,5]")})), spelled("f32[5]"));
  EXPECT_EQ(type(add(einsum("bij->"), {a})), "f32[]");
}

TEST_F(MatrixInference, EinsumRefusesBadEquations) {
  auto refused = [&](std::string equation) {
    return error(op::Einsum{std::move(equation)}, {input("f32[2,3]")}) != "";
  };
  EXPECT_TRUE(refused("ijk->i"));
  EXPECT_TRUE(refused("ij,jk->ik"));
  EXPECT_TRUE(refused("ij->k"));
  EXPECT_TRUE(refused("ij->ii"));
  EXPECT_TRUE(refused("i1->i"));
  EXPECT_TRUE(refused("ii->i"));
  EXPECT_TRUE(refused("... ...->..."));
  EXPECT_TRUE(refused(""));
}

}  // namespace
}  // namespace tenon
