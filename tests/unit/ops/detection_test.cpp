// detection_output and roi_pool.
#include "inference_fixture.hpp"
#include "ops/detection_output.hpp"
#include "ops/roi_pool.hpp"

namespace tenon {
namespace {

using DetectionInference = InferenceTest;

op::DetectionOutput classes(std::int64_t count, bool share) {
  op::DetectionOutput op;
  op.num_classes = count;
  op.share_location = share;
  return op;
}

TEST_F(DetectionInference, RowsOfDetectionsAreCountedByTheData) {
  const ValueId priors = input("f32[1,2,12]");
  EXPECT_EQ(type(add(classes(5, true), {input("f32[N,12]"), input("f32[N,15]"), priors})), "f32[1,1,?,7]");
  EXPECT_EQ(type(add(classes(5, false), {input("f32[2,60]"), input("f32[2,15]"), priors})), "f32[1,1,?,7]");
  EXPECT_EQ(type(add(classes(5, true), {input("f32[*]"), input("f32[*]"), input("f32[*]")})), "f32[1,1,?,7]");
}

TEST_F(DetectionInference, OperandsMustFitTogether) {
  const ValueId priors = input("f32[1,2,12]");
  const ValueId scores = input("f32[2,15]");
  EXPECT_NE(error(classes(5, false), {input("f32[2,12]"), scores, priors}), "");
  EXPECT_NE(error(classes(4, true), {input("f32[2,12]"), scores, priors}), "");
  EXPECT_NE(error(classes(5, true), {input("f32[3,12]"), scores, priors}), "");
  EXPECT_NE(error(classes(5, true), {input("f32[2,12]"), scores, input("f32[1,1,12]")}), "");
  EXPECT_NE(error(classes(5, true), {input("f16[2,12]"), scores, priors}), "");
  EXPECT_NE(error(classes(0, true), {input("f32[2,12]"), scores, priors}), "");
}

TEST_F(DetectionInference, RegionsBecomeGrids) {
  const op::RoiPool pool{7, 6, 0.0625F};
  EXPECT_EQ(type(add(pool, {input("f32[N,64,H,W]"), input("f32[R,5]")})), spelled("f32[R,64,7,6]"));
  EXPECT_NE(error(pool, {input("f32[1,64,9,9]"), input("f32[4,4]")}), "");
  EXPECT_NE(error(pool, {input("f32[1,64,9,9]"), input("f16[4,5]")}), "");
  EXPECT_NE(error(op::RoiPool{0, 6, 1}, {input("f32[1,64,9,9]"), input("f32[4,5]")}), "");
}

}  // namespace
}  // namespace tenon
