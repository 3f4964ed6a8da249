// Values of indexing and selection where the official tests do not look: other dtypes, NaN, overflow, out of
// range.
#include "base/half.hpp"
#include "evaluation.hpp"
#include "ops/bernoulli.hpp"
#include "ops/bitcast.hpp"
#include "ops/compress.hpp"
#include "ops/eye_like.hpp"
#include "ops/gather.hpp"
#include "ops/gather_nd.hpp"
#include "ops/multinomial.hpp"
#include "ops/non_max_suppression.hpp"
#include "ops/non_zero.hpp"
#include "ops/one_hot.hpp"
#include "ops/pad.hpp"
#include "ops/random.hpp"
#include "ops/range.hpp"
#include "ops/reorder.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/tensor_scatter.hpp"
#include "ops/top_k.hpp"
#include "ops/trilu.hpp"
#include "ops/unique.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon::test {
namespace {

using Ints = std::vector<std::int64_t>;
using Reals = std::vector<float>;
using Texts = std::vector<std::string>;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(Gather, RefusesIndicesOutOfRange) {
  const Tensor x = tensor<float>({2}, {1, 2});
  EXPECT_THROW(evaluate(op::Gather{}, {x, ints({2})}), ModelError);
  EXPECT_THROW(evaluate(op::Gather{}, {x, ints({-3})}), ModelError);
  EXPECT_THROW(evaluate(op::GatherNd{}, {x, ints({2})}), ModelError);
}

TEST(Scatter, LastOfSeveralUpdatesWins) {
  const Tensor x = tensor<float>({3}, {0, 0, 0});
  const Tensor out = evaluate(op::ScatterElements{}, {x, ints({1, 1}), tensor<float>({2}, {5, 7})});
  EXPECT_EQ(values<float>(out), (Reals{0, 7, 0}));
}

TEST(Scatter, ReducesIntegersExactlyAndWraps) {
  const Tensor x = ints({kLargest, kLargest, 3});
  const op::ScatterElements add{.reduction = op::ScatterReduction::add};
  EXPECT_EQ(values<std::int64_t>(evaluate(add, {x, ints({0, 1, 2}), ints({0, 1, -5})})),
            (Ints{kLargest, std::numeric_limits<std::int64_t>::min(), -2}));
  const op::ScatterElements largest{.reduction = op::ScatterReduction::max};
  EXPECT_EQ(values<std::int64_t>(evaluate(largest, {x, ints({0, 2}), ints({kLargest - 1, 4})})),
            (Ints{kLargest, kLargest, 4}));
}

TEST(Scatter, MinAndMaxKeepNan) {
  const Tensor x = tensor<float>({2}, {1, kNan});
  const op::ScatterNd least{.reduction = op::ScatterReduction::min};
  const Tensor out =
      evaluate(least, {x, tensor<std::int64_t>({2, 1}, {0, 1}), tensor<float>({2}, {kNan, 0})});
  EXPECT_TRUE(std::isnan(out.values<float>()[0]));
  EXPECT_TRUE(std::isnan(out.values<float>()[1]));
}

TEST(TensorScatter, LinearWritesMustFit) {
  const Tensor past = tensor<float>({1, 4, 1}, {1, 2, 3, 4});
  const Tensor update = tensor<float>({1, 2, 1}, {8, 9});
  EXPECT_EQ(values<float>(evaluate(op::TensorScatter{}, {past, update, ints({2})})), (Reals{1, 2, 8, 9}));
  EXPECT_THROW(evaluate(op::TensorScatter{}, {past, update, ints({3})}), ModelError);
  const op::TensorScatter circular{.mode = op::TensorScatterMode::circular};
  EXPECT_EQ(values<float>(evaluate(circular, {past, update, ints({3})})), (Reals{9, 2, 3, 8}));
}

TEST(TopK, NanIsAboveEverythingAndTiesKeepTheirOrder) {
  const Tensor x = tensor<float>({5}, {1, kNan, 3, 1, 3});
  const auto top = evaluate_all(op::TopK{.k = 4}, {x});
  EXPECT_EQ(values<std::int64_t>(top[1].tensor()), (Ints{1, 2, 4, 0}));
  const auto bottom = evaluate_all(op::TopK{.largest = false, .k = 3}, {x});
  EXPECT_EQ(values<std::int64_t>(bottom[1].tensor()), (Ints{0, 3, 2}));
}

TEST(Unique, OfStrings) {
  const auto all = evaluate_all(op::Unique{}, {tensor<std::string>({4}, {"b", "a", "b", ""})});
  EXPECT_EQ(values<std::string>(all[0].tensor()), (Texts{"", "a", "b"}));
  EXPECT_EQ(values<std::int64_t>(all[1].tensor()), (Ints{3, 1, 0}));
  EXPECT_EQ(values<std::int64_t>(all[2].tensor()), (Ints{2, 1, 2, 0}));
  EXPECT_EQ(values<std::int64_t>(all[3].tensor()), (Ints{1, 1, 2}));
}

TEST(Unique, NansAreOneValue) {
  const auto all = evaluate_all(op::Unique{}, {tensor<float>({4}, {kNan, 1, kNan, -1})});
  EXPECT_EQ(values<std::int64_t>(all[3].tensor()), (Ints{1, 1, 2}));
}

TEST(NonZero, OfAScalarAndOfStrings) {
  EXPECT_EQ(evaluate(op::NonZero{}, {tensor<float>({}, {2})}).shape(), (Shape{0, 1}));
  EXPECT_EQ(values<std::int64_t>(evaluate(op::NonZero{}, {tensor<std::string>({3}, {"", "x", ""})})),
            (Ints{1}));
}

TEST(NonZero, OfComplexNumbers) {
  Tensor x(DataType::c64, {3});
  reinterpret_cast<float*>(x.mutable_data())[3] = 1;  // the imaginary part of element 1
  EXPECT_EQ(values<std::int64_t>(evaluate(op::NonZero{}, {x})), (Ints{1}));
}

TEST(NonMaxSuppression, NeverSelectsNan) {
  const Tensor boxes = tensor<float>({1, 2, 4}, {0, 0, 1, 1, 5, 5, 6, 6});
  const Tensor scores = tensor<float>({1, 1, 2}, {kNan, 0.5F});
  EXPECT_EQ(values<std::int64_t>(evaluate(op::NonMaxSuppression{}, {boxes, scores, ints({9})})),
            (Ints{0, 0, 1}));
  EXPECT_EQ(evaluate(op::NonMaxSuppression{}, {boxes, scores}).shape(), (Shape{0, 3}))
      << "nothing by default";
}

TEST(Compress, FlattensWithoutAxis) {
  const Tensor x = tensor<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values<float>(evaluate(op::Compress{}, {x, tensor<bool>({3}, {true, false, true})})),
            (Reals{1, 3}));
  EXPECT_THROW(evaluate(op::Compress{.axis = 0}, {x, tensor<bool>({3}, {true, true, true})}), ModelError);
}

TEST(OneHot, IgnoresIndicesOutOfRange) {
  const Tensor out =
      evaluate(op::OneHot{}, {ints({3, -4, -1}), ints({3}), tensor<std::string>({2}, {"-", "x"})});
  EXPECT_EQ(values<std::string>(out), (Texts{"-", "-", "-", "-", "-", "-", "-", "-", "x"}));
}

TEST(Pad, ReflectsMoreThanOnce) {
  const op::Pad pad{.mode = op::PadMode::reflect, .pads = Ints{4, 3}};
  EXPECT_EQ(values<float>(evaluate(pad, {tensor<float>({3}, {1, 2, 3})})),
            (Reals{1, 2, 3, 2, 1, 2, 3, 2, 1, 2}));
}

TEST(Range, OfHalfPrecision) {
  Tensor bounds(DataType::f16, {3});
  const std::uint16_t codes[] = {0x0000, 0x3C00, 0x3800};  // 0, 1, 0.5
  std::copy(std::begin(codes), std::end(codes), reinterpret_cast<std::uint16_t*>(bounds.mutable_data()));
  const auto element = [&](std::int64_t i) {
    return evaluate(op::Gather{}, {bounds, tensor<std::int64_t>({}, {i})});
  };
  const Tensor out = evaluate(op::Range{}, {element(0), element(1), element(2)});
  ASSERT_EQ(out.shape(), (Shape{2}));
  EXPECT_EQ(reinterpret_cast<const std::uint16_t*>(out.data())[1], 0x3800);
}

TEST(Trilu, KeepsStringsAndBools) {
  const Tensor out =
      evaluate(op::Trilu{.upper = false, .k = -1}, {tensor<std::string>({2, 2}, {"a", "b", "c", "d"})});
  EXPECT_EQ(values<std::string>(out), (Texts{"", "", "c", ""}));
}

TEST(EyeLike, OffTheDiagonal) {
  const Tensor out = evaluate(op::EyeLike{.k = 1, .dtype = DataType::i32}, {tensor<float>({2, 3}, Reals(6))});
  EXPECT_EQ(values<std::int32_t>(out), (std::vector<std::int32_t>{0, 1, 0, 0, 0, 1}));
}

TEST(Bitcast, ReadsTheSameBytes) {
  EXPECT_EQ(values<std::int32_t>(evaluate(op::Bitcast{.to = DataType::i32}, {tensor<float>({1}, {1})})),
            (std::vector<std::int32_t>{0x3F800000}));
}

TEST(Reorder, PadsBlocksWithZeros) {
  // Two pixels of three channels in blocks of two channels: (c0 c1)(c0 c1), then (c2 0)(c2 0).
  const Tensor x = tensor<float>({1, 3, 1, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor stored = evaluate(op::Reorder{.to = Layout::channel_blocked(2).to_string()}, {x});
  EXPECT_EQ(stored.shape(), (Shape{1, 2, 1, 2, 2}));
  EXPECT_EQ(values<float>(stored), (Reals{1, 3, 2, 4, 5, 0, 6, 0}));
  EXPECT_EQ(values<float>(evaluate(op::Reorder{.to = "nhwc"}, {x})), (Reals{1, 3, 5, 2, 4, 6}));
}

TEST(Reorder, RoundsToTheStoredType) {
  const Tensor x = tensor<float>({2, 2}, {1, 1.0F + 0x1p-8F, -1.0F - 0x3p-8F, 3e38F});
  const Tensor stored = evaluate(op::Reorder{.to = "(1,0):bf16"}, {x});
  EXPECT_EQ(stored.dtype(), DataType::bf16);
  const Tensor back = evaluate(op::Reorder{.from = "(1,0):bf16"}, {stored});
  EXPECT_EQ(values<float>(back), (Reals{1, 1, -1.0F - 0x1p-6F, static_cast<float>(bfloat16(3e38F))}));
}

TEST(Random, SeedsRepeatAndMomentsFit) {
  constexpr std::int64_t kCount = 40000;
  const op::RandomNormal normal{.mean = 3, .scale = 2, .seed = 5.0F, .shape = {kCount}};
  const Tensor x = evaluate(normal, {});
  EXPECT_TRUE(evaluate(normal, {}).identical(x));
  EXPECT_FALSE(
      evaluate(op::RandomNormal{.mean = 3, .scale = 2, .seed = 6.0F, .shape = {kCount}}, {}).identical(x));
  double sum = 0;
  double squares = 0;
  for (const float value : x.values<float>()) {
    sum += value;
    squares += (value - 3.0) * (value - 3.0);
  }
  // Five standard deviations of the estimates.
  EXPECT_NEAR(sum / kCount, 3, 5 * 2 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 4, 5 * 4 * std::sqrt(2.0 / kCount));
}

TEST(Random, UniformStaysInItsRange) {
  const Tensor x = evaluate(op::RandomUniform{.low = -1, .high = 3, .seed = 1.0F, .shape = {20000}}, {});
  double sum = 0;
  for (const float value : x.values<float>()) {
    EXPECT_GE(value, -1);
    EXPECT_LE(value, 3);
    sum += value;
  }
  EXPECT_NEAR(sum / 20000, 1, 5 * 4 / std::sqrt(12.0 * 20000));
}

TEST(Random, BernoulliAndMultinomialFollowTheirProbabilities) {
  const Tensor p = tensor<float>({4}, {0, 1, 0, 1});
  EXPECT_EQ(values<float>(evaluate(op::Bernoulli{}, {p})), (Reals{0, 1, 0, 1}));
  const Tensor logits = tensor<float>({2, 3}, {0, 100, 0, 200, 0, 0});
  const op::Multinomial draw{.dtype = DataType::i64, .sample_size = 4};
  EXPECT_EQ(values<std::int64_t>(evaluate(draw, {logits})), (Ints{1, 1, 1, 1, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace tenon::test
