#include "ops/det.hpp"

#include "inference_fixture.hpp"

namespace tenon {
namespace {

using DetInference = InferenceTest;

TEST_F(DetInference, DropsTheMatrixAxes) {
  EXPECT_EQ(type(add(op::Det{}, {input("f32[3,3]")})), "f32[]");
  EXPECT_EQ(type(add(op::Det{}, {input("f64[N,2,M,M]")})), spelled("f64[N,2]"));
  EXPECT_EQ(type(add(op::Det{}, {input("f32[*]")})), "f32[*]");
}

TEST_F(DetInference, RefusesWhatHasNoDeterminant) {
  EXPECT_NE(error(op::Det{}, {input("f32[3]")}), "");
  EXPECT_NE(error(op::Det{}, {input("f32[2,3]")}), "");
  EXPECT_NE(error(op::Det{}, {input("i32[2,2]")}), "");
}

}  // namespace
}  // namespace tenon
