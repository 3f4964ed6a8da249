#include "api/reduction_length.hpp"
#include "ops/registry.hpp"

#include <tenon/error.hpp>
#include <tenon/verify.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon {
namespace {

double length(const std::string& op, std::vector<Shape> inputs, const Shape& output,
              const AttributeList& fields = {}) {
  return reduction_length(builtin_ops().make(op, fields), inputs, output);
}

TEST(ReductionLength, CountsTheTermsOfOneElement) {
  EXPECT_EQ(length("relu", {{2, 3}}, {2, 3}), 1);
  EXPECT_EQ(length("add", {{2, 3}, {3}}, {2, 3}), 1);
  EXPECT_EQ(length("conv", {{1, 8, 9, 9}, {16, 8, 3, 3}}, {1, 16, 9, 9}), 72);
  EXPECT_EQ(length("conv", {{1, 8, 9, 9}, {8, 1, 3, 3}}, {1, 8, 9, 9}, {{"group", std::int64_t{8}}}), 9);
  EXPECT_EQ(length("conv_transpose", {{1, 8, 9, 9}, {8, 4, 2, 2}}, {1, 4, 18, 18}), 32);
  EXPECT_EQ(length("matmul", {{5, 70}, {70, 4}}, {5, 4}), 70);
  EXPECT_EQ(length("softmax", {{2, 10}}, {2, 10}), 10);
  EXPECT_EQ(
      length("average_pool", {{1, 1, 8, 8}}, {1, 1, 4, 4}, {{"kernel", std::vector<std::int64_t>{3, 3}}}), 9);
  EXPECT_EQ(length("relu", {{}}, {}), 1);
}

constexpr const char* kNetwork = R"(graph @small(%x: f32[N,4]) {
  %w = constant {value=f32[4,3] [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]} : f32[4,3]
  %m = matmul(%x, %w) : f32[N,3]
  %t = tanh(%m) : f32[N,3]
  %i = arg_max(%t) {axis=1} : i64[N,1]
  return %t as "t", %i as "i"
})";

VerifyOptions quick() {
  VerifyOptions options;
  options.build.measure = false;
  options.build.threads = 1;
  return options;
}

TEST(Verify, AgreesNodeByNode) {
  const VerifyReport report = verify(Network::from_text(kNetwork), quick());
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.taps.size(), 3U);
  EXPECT_EQ(report.taps[0].op, "matmul");
  EXPECT_EQ(report.taps[1].name, "t");
  EXPECT_EQ(report.taps[2].dtype, DataType::i64);
  EXPECT_EQ(report.taps[2].shape, (Shape{1, 1}));
  EXPECT_GT(report.taps[1].allowed, report.taps[0].allowed / 1000);
}

TEST(Verify, TakesInputsAndFollowsTheirShape) {
  VerifyOptions options = quick();
  options.inputs["x"] = Tensor(DataType::f32, {5, 4});
  EXPECT_EQ(verify(Network::from_text(kNetwork), options).taps[0].shape, (Shape{5, 3}));
  options.inputs["y"] = Tensor(DataType::f32, {1});
  EXPECT_THROW(verify(Network::from_text(kNetwork), options), ModelError);
}

TEST(Verify, NamesTheFirstNodeWhereNothingIsAllowed) {
  VerifyOptions options = quick();
  options.tolerance_factor = 0;
  options.seed = 5;
  const VerifyReport report = verify(Network::from_text(R"(graph @g(%x: f32[1000]) {
    %t = tanh(%x) : f32[1000]
    %n = neg(%t) : f32[1000]
    return %n as "n"
  })"),
                                     options);
  ASSERT_TRUE(report.first.has_value());
  EXPECT_EQ(*report.first, 0U);  // an approximation of tanh, correctly rounded nowhere near always
  EXPECT_GE(report.taps[0].index, 0);
  EXPECT_GT(report.taps[0].difference, 0);
  ASSERT_TRUE(report.culprit.has_value());
  EXPECT_EQ(report.culprit->rewrite, 0U);
  EXPECT_EQ(report.culprit->pass, "");
}

TEST(Verify, AllowsForWhatARegionComputes) {
  const VerifyReport report =
      verify(Network::from_text(R"(graph @g(%x: f32[4,64], %w: f32[64,64], %c: bool[]) {
    %t = matmul(%x, %w) : f32[4,64]
    %u = matmul(%t, %w) : f32[4,64]
    %y = if(%c) : f32[4,64]
      region {
        %a = matmul(%x, %w) : f32[4,64]
        %b = matmul(%a, %w) : f32[4,64]
        return %b
      }
      region {
        %d = matmul(%x, %w) : f32[4,64]
        %e = matmul(%d, %w) : f32[4,64]
        return %e
      }
    return %u as "plain", %y as "chosen"
  })"),
             quick());
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.taps.size(), 3U);
  EXPECT_GE(report.taps[2].allowed, report.taps[1].allowed);
  EXPECT_LE(report.taps[2].allowed, 2 * report.taps[1].allowed);
}

}  // namespace
}  // namespace tenon
