// Engines compared on data made here.
#include <tenon/error.hpp>
#include <tenon/evaluate.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tenon {
namespace {

// Scores of three classes: x, and the same with the second class raised by `bias`.
Engine scores(float bias) {
  BuildOptions options;
  options.threads = 1;
  options.measure = false;
  options.shapes = {{"x", {{1, 3}, {2, 3}, {2, 3}}}};
  return build(Network::from_text(fmt::format(R"(
graph @net(%x: f32[N,3]) {{
  %b = constant {{value=f32[3] [0.0, {:.1f}, 0.0]}} : f32[3]
  %y = add(%x, %b) : f32[N,3]
  return %y as "y"
}})",
                                              bias)),
               options);
}

class Rows final : public Samples {
 public:
  explicit Rows(std::vector<Batch> batches) : batches_(std::move(batches)) {}
  std::optional<Batch> next_batch() override {
    if (next_ == batches_.size()) return std::nullopt;
    return batches_[next_++];
  }
  void rewind() override { next_ = 0; }

  std::vector<Batch> batches_;
  std::size_t next_ = 0;
};

Samples::Batch batch(const std::vector<float>& values, std::vector<std::int64_t> labels) {
  Samples::Batch result;
  result.inputs.emplace("x", Tensor::of<float>({static_cast<std::int64_t>(values.size() / 3), 3}, values));
  result.labels = std::move(labels);
  return result;
}

TEST(Evaluate, CountsWhatIsLostAndGained) {
  // The reference takes classes 0, 0, 2; raising class 1 by 1.5 turns the first and the second into 1.
  Rows rows({batch({1, 0, 0, 1, 0, 0}, {0, 1}), batch({0, 0, 4}, {0})});
  Evaluator evaluator(scores(0), rows);
  const Evaluation found = evaluator.evaluate(scores(1.5F));
  EXPECT_EQ(found.samples, 3U);
  EXPECT_EQ(found.labelled, 3U);
  EXPECT_EQ(found.reference_right, 1U);
  EXPECT_EQ(found.right, 1U);
  EXPECT_EQ(found.lost, 1U);
  EXPECT_EQ(found.gained, 1U);
  EXPECT_EQ(found.net_loss(), 0);
  EXPECT_DOUBLE_EQ(found.agreement->value, 1.0 / 3);
  EXPECT_DOUBLE_EQ(found.top1->value, 1.0 / 3);
  // Of softmax: p = (e, 1, 1) / (e + 2) twice and (1, 1, e⁴) / (e⁴ + 2); raising class 1 by b changes the
  // divergence to ln((rest + e^b) / (rest + 1)) - p₁ b.
  const double e = std::exp(1.0);
  const double e4 = std::exp(4.0);
  const double raised = std::exp(1.5);
  const double first = std::log((e + 1 + raised) / (e + 2)) - 1.5 / (e + 2);
  const double last = std::log((e4 + 1 + raised) / (e4 + 2)) - 1.5 / (e4 + 2);
  EXPECT_NEAR(found.divergence->value, (2 * first + last) / 3, 1e-12);
  ASSERT_EQ(found.outputs.size(), 1U);
  EXPECT_EQ(found.outputs[0].name, "y");
  const double angle = 1 / std::sqrt(1 + 2.25);
  EXPECT_NEAR(found.outputs[0].lowest_cosine, angle, 1e-12);
  EXPECT_NEAR(found.cosine(), (2 * angle + 4 / std::sqrt(16 + 2.25)) / 3, 1e-12);
  EXPECT_NEAR(found.outputs[0].sqnr_db, 10 * std::log10(18 / (3 * 2.25)), 1e-12);
}

TEST(Evaluate, TheReferenceAgreesWithItself) {
  Rows rows({batch({1, 0, 0, 0, 3, 0}, {0, 0})});
  Evaluator evaluator(scores(0), rows);
  for (const Evaluation& same : {evaluator.reference(), evaluator.evaluate(scores(0))}) {
    EXPECT_EQ(same.right, 1U);
    EXPECT_EQ(same.reference_right, 1U);
    EXPECT_EQ(same.agreement->value, 1);
    EXPECT_EQ(same.divergence->value, 0);
    EXPECT_EQ(same.cosine(), 1);
    EXPECT_TRUE(std::isinf(same.outputs[0].sqnr_db));
  }
}

TEST(Evaluate, WithoutLabelsNothingIsRight) {
  Rows rows({batch({1, 0, 0}, {})});
  Evaluator evaluator(scores(0), rows);
  const Evaluation found = evaluator.evaluate(scores(3));
  EXPECT_EQ(found.labelled, 0U);
  EXPECT_FALSE(found.top1.has_value());
  EXPECT_EQ(found.agreement->value, 0);
}

TEST(Evaluate, RefusesWhatCannotBeCompared) {
  Rows none({});
  EXPECT_THROW(Evaluator(scores(0), none), ModelError);
  Rows partly({batch({1, 0, 0, 1, 0, 0}, {1})});
  EXPECT_THROW(Evaluator(scores(0), partly), ModelError);
  Rows rows({batch({1, 0, 0}, {})});
  EvaluateOptions options;
  options.scores = "z";
  EXPECT_THROW(Evaluator(scores(0), rows, options), ModelError);
  Evaluator evaluator(scores(0), rows);
  BuildOptions build_options;
  build_options.measure = false;
  const Engine other = build(Network::from_text(R"(
graph @net(%x: f32[1,3]) {
  %y = relu(%x) : f32[1,3]
  return %y as "other"
})"),
                             build_options);
  EXPECT_THROW(static_cast<void>(evaluator.evaluate(other)), ModelError);
}

}  // namespace
}  // namespace tenon
