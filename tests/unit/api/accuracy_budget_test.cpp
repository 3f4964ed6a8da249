// Budgets over a small network in which one layer does not bear integers.
#include <tenon/accuracy_budget.hpp>
#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

// Of four convolutions only "third" reads channels of ranges that are far apart.
constexpr std::string_view kBudgetNet = R"(
graph @net(%x: f32[1,1,4,4]) {
  %w1 = constant {value=f32[2,1,1,1] [1.0, 0.7]} : f32[2,1,1,1]
  %w2 = constant {value=f32[2,2,1,1] [60.0, -30.0, 0.05, 0.09]} : f32[2,2,1,1]
  %w3 = constant {value=f32[2,2,1,1] [0.011, 9.0, -0.0077, 6.1]} : f32[2,2,1,1]
  %w4 = constant {value=f32[1,2,1,1] [0.9, -0.4]} : f32[1,2,1,1]
  %a = conv(%x, %w1) : f32[1,2,4,4] loc("first")
  %b = conv(%a, %w2) : f32[1,2,4,4] loc("second")
  %c = conv(%b, %w3) : f32[1,2,4,4] loc("third")
  %d = conv(%c, %w4) : f32[1,1,4,4] loc("fourth")
  return %d as "y"
})";

class BudgetWaves final : public Samples {
 public:
  std::optional<Batch> next_batch() override {
    if (next_ == 6) return std::nullopt;
    Tensor x(DataType::f32, {1, 1, 4, 4});
    float phase = static_cast<float>(++next_);
    for (float& value : x.mutable_values<float>()) value = std::sin(phase += 0.7F);
    Batch batch;
    batch.inputs.emplace("x", std::move(x));
    return batch;
  }
  void rewind() override { next_ = 0; }

 private:
  int next_ = 0;
};

class BudgetData final : public Calibrator {
 public:
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    auto batch = waves_.next_batch();
    if (!batch) return std::nullopt;
    return batch->inputs;
  }

 private:
  BudgetWaves waves_;
};

struct Built {
  BudgetReport report;
  BuildReport build;
  Evaluation evaluation;
};

Built build_with(const AccuracyBudget& limits) {
  const Network network = Network::from_text(kBudgetNet);
  BuildOptions options;
  options.measure = false;
  options.threads = 1;
  const Engine reference = build(network, options);
  BudgetData data;
  options.int8.emplace();
  options.int8->table = calibrate(network, data);
  BudgetWaves waves;
  BudgetOptions budget;
  budget.budget = limits;
  Built result;
  const Engine engine =
      build_within_budget(network, options, reference, waves, budget, &result.report, &result.build);
  Evaluator evaluator(reference, waves);
  result.evaluation = evaluator.evaluate(engine);
  return result;
}

std::size_t floats_of(const Built& built) {
  const auto& layers = built.build.layers;
  return static_cast<std::size_t>(std::count_if(
      layers.begin(), layers.end(),
      [](const LayerPrecision& layer) { return layer.op == "conv" && layer.precision == DataType::f32; }));
}

TEST(AccuracyBudget, KeepsAllOnIntegersWhereItHolds) {
  const double all = build_with({}).evaluation.cosine();
  const Built built = build_with({std::nullopt, all - 1e-9});
  EXPECT_TRUE(built.report.held);
  EXPECT_TRUE(built.report.floats.empty());
  EXPECT_EQ(built.report.engines, 1U);
  EXPECT_EQ(floats_of(built), 0U);
  EXPECT_EQ(built.report.evaluation.cosine(), built.evaluation.cosine());
}

TEST(AccuracyBudget, PutsTheSensitiveLayerBack) {
  const double all = build_with({}).evaluation.cosine();
  ASSERT_LT(all, 0.999);
  const Built built = build_with({std::nullopt, 0.9995});
  EXPECT_TRUE(built.report.held) << built.report.shortfall;
  EXPECT_EQ(built.report.floats, std::vector<std::string>{"third"});
  EXPECT_EQ(floats_of(built), 1U);
  EXPECT_GE(built.evaluation.cosine(), 0.9995);
}

TEST(AccuracyBudget, SaysWhereItCannotHold) {
  const Built built = build_with({std::nullopt, 1.5});
  EXPECT_FALSE(built.report.held);
  EXPECT_NE(built.report.shortfall.find("the cosine is"), std::string::npos);
  EXPECT_EQ(built.report.floats.size(), 4U);
  EXPECT_EQ(floats_of(built), 4U);
}

TEST(AccuracyBudget, CountsPointsOfTopOne) {
  Evaluation evaluation;
  evaluation.labelled = 400;
  evaluation.lost = 5;
  evaluation.gained = 3;
  EXPECT_TRUE((AccuracyBudget{0.5, std::nullopt}).shortfall(evaluation).empty());
  EXPECT_EQ((AccuracyBudget{0.25, std::nullopt}).shortfall(evaluation),
            "top-1 is 0.50 points below the reference, allowed are 0.25");
  EXPECT_THROW(static_cast<void>((AccuracyBudget{1, std::nullopt}).shortfall(Evaluation())), ModelError);
}

}  // namespace
}  // namespace tenon
