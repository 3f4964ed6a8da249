// Sensitivity and improvement of small networks on data made here.
#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>
#include <tenon/improve.hpp>
#include <tenon/sensitivity.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon {
namespace {

// Two convolutions; channel 1 between them is 256 times as small as channel 0.
constexpr std::string_view kImprovedNet = R"(
graph @net(%x: f32[N,1,2,2]) {
  %w1 = constant {value=f32[2,1,1,1] [4.0, 0.015625]} : f32[2,1,1,1]
  %w2 = constant {value=f32[2,2,1,1] [0.013, 0.9, -0.0077, 0.61]} : f32[2,2,1,1]
  %b2 = constant {value=f32[2] [0.1, 0.2]} : f32[2]
  %a = conv(%x, %w1) : f32[N,2,2,2] loc("first")
  %r = relu(%a) : f32[N,2,2,2] loc("relu")
  %y = conv(%r, %w2, %b2) : f32[N,2,2,2] loc("second")
  return %y as "y"
})";

class ImproveWaves final : public Samples {
 public:
  std::optional<Batch> next_batch() override {
    if (next_ == 5) return std::nullopt;
    const std::int64_t rows = next_ == 4 ? 1 : 2;
    Tensor x(DataType::f32, {rows, 1, 2, 2});
    for (float& value : x.mutable_values<float>()) value = std::sin(static_cast<float>(++seed_) * 0.7F);
    ++next_;
    Batch batch;
    batch.inputs.emplace("x", std::move(x));
    return batch;
  }
  void rewind() override { next_ = seed_ = 0; }

 private:
  int next_ = 0;
  int seed_ = 0;
};

CalibrationTable table_of(const Network& network) {
  class Data final : public Calibrator {
   public:
    std::int64_t batch_size() const override { return 2; }
    std::optional<std::map<std::string, Tensor>> next_batch() override {
      auto batch = waves_.next_batch();
      if (!batch) return std::nullopt;
      return batch->inputs;
    }

   private:
    ImproveWaves waves_;
  } data;
  return calibrate(network, data);
}

TEST(Sensitivity, NamesTheLayerThatSuffers) {
  const Network network = Network::from_text(kImprovedNet);
  ImproveWaves waves;
  SensitivityOptions options;
  options.samples = 0;
  const auto layers = measure_sensitivity(network, table_of(network), waves, options);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].layer, "first");
  EXPECT_EQ(layers[0].tensor, "a");
  EXPECT_EQ(layers[1].layer, "second");
  // One channel has not one quantum of the common scale.
  EXPECT_LT(layers[1].sqnr_db, layers[0].sqnr_db - 15);
  // The second layer's results are the answers.
  ASSERT_TRUE(layers[1].alone.has_value());
  EXPECT_NEAR(layers[1].alone->outputs[0].sqnr_db, layers[1].sqnr_db, 0.01);
  EXPECT_EQ(layers[1].alone->samples, 9U);
  EXPECT_GT(layers[1].divergence, layers[0].divergence);
  EXPECT_EQ(layers[1].divergence, 1 - layers[1].alone->cosine());

  options.outputs = false;
  const auto brief = measure_sensitivity(network, table_of(network), waves, options);
  EXPECT_EQ(brief[1].sqnr_db, layers[1].sqnr_db);
  EXPECT_FALSE(brief[1].alone.has_value());
}

TEST(Sensitivity, WantsARangeForEveryLayer) {
  const Network network = Network::from_text(kImprovedNet);
  CalibrationTable table = table_of(network);
  std::erase_if(table.tensors, [](const CalibratedTensor& tensor) { return tensor.name == "r"; });
  ImproveWaves waves;
  EXPECT_THROW(static_cast<void>(measure_sensitivity(network, table, waves)), ModelError);
}

ImproveOptions nothing() {
  ImproveOptions options;
  options.equalize = options.choose_calibrators = options.correct_bias = false;
  options.round_inputs = 0;
  options.samples = 0;
  return options;
}

TEST(Improve, EqualizesChannels) {
  const Network network = Network::from_text(kImprovedNet);
  ImproveWaves waves;
  ImproveOptions options = nothing();
  options.equalize = true;
  const Improvement better = improve(network, waves, options);
  ASSERT_EQ(better.layers.size(), 2U);
  EXPECT_TRUE(better.layers[1].equalized);
  EXPECT_FALSE(better.layers[0].equalized);
  EXPECT_NEAR(better.layers[0].after_db, better.layers[0].before_db, 1e-3);  // keeps its integers
  EXPECT_GT(better.layers[1].after_db, better.layers[1].before_db + 15);
  // The float network answers as before, and the table is of the new one.
  BuildOptions build_options;
  build_options.measure = false;
  build_options.shapes = {{"x", {{1, 1, 2, 2}, {2, 1, 2, 2}, {2, 1, 2, 2}}}};
  Evaluator evaluator(build(network, build_options), waves);
  EXPECT_TRUE(std::isinf(evaluator.evaluate(build(better.network, build_options)).outputs[0].sqnr_db));
  EXPECT_NO_THROW(static_cast<void>(check_ranges(better.network, better.table, DataType::f16)));
  EXPECT_THROW(static_cast<void>(check_ranges(network, better.table, DataType::f16)), ModelError);
}

TEST(Improve, CorrectsBiases) {
  const Network network = Network::from_text(kImprovedNet);
  ImproveWaves waves;
  ImproveOptions options = nothing();
  const Improvement plain = improve(network, waves, options);
  EXPECT_EQ(plain.layers[1].after_db, plain.layers[1].before_db);
  options.correct_bias = true;
  const Improvement better = improve(network, waves, options);
  EXPECT_EQ(better.layers[1].before_db, plain.layers[1].before_db);
  EXPECT_GT(better.layers[1].after_db, better.layers[1].before_db);
  // The float network has taken the correction: its answers move.
  BuildOptions build_options;
  build_options.measure = false;
  const auto answer = [&](const Network& from) {
    Context context = build(from, build_options).create_context();
    const std::vector<float> x = {0.3F, -0.7F, 0.9F, 0.1F};
    context.set_input("x", Tensor::of<float>({1, 1, 2, 2}, x));
    context.run();
    const Tensor y = context.output("y");
    const auto values = y.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> before = answer(plain.network);
  const std::vector<float> after = answer(better.network);
  EXPECT_GT(std::abs(after[0] - before[0]), 1e-4F);
}

TEST(Improve, RoundsFewWeightsTogether) {
  // Both inputs of a sum are nearly the same: errors of their weights add up, unless one makes up for the
  // other.
  const Network network = Network::from_text(R"(
graph @net(%x: f32[N,1,2,2]) {
  %w1 = constant {value=f32[3,1,1,1] [1.0, 0.98, 1.01]} : f32[3,1,1,1]
  %w2 = constant {value=f32[1,3,1,1] [1.0, 0.01141732, 0.01929134]} : f32[1,3,1,1]
  %a = conv(%x, %w1) : f32[N,3,2,2] loc("first")
  %y = conv(%a, %w2) : f32[N,1,2,2] loc("second")
  return %y as "y"
})");
  ImproveWaves waves;
  ImproveOptions options = nothing();
  const Improvement nearest = improve(network, waves, options);
  EXPECT_FALSE(nearest.layers[1].rounded);
  options.round_inputs = 2;  // "second" has three
  EXPECT_FALSE(improve(network, waves, options).layers[1].rounded);
  options.round_inputs = ImproveOptions().round_inputs;
  const Improvement better = improve(network, waves, options);
  EXPECT_TRUE(better.layers[1].rounded);
  EXPECT_FALSE(better.layers[0].rounded);  // one weight a channel
  EXPECT_EQ(better.layers[0].after_db, nearest.layers[0].after_db);
  EXPECT_GT(better.layers[1].after_db, nearest.layers[1].after_db + 1);
}

TEST(Improve, LeavesLayersThatStayFloatAsTheyAre) {
  const Network network = Network::from_text(kImprovedNet);
  ImproveWaves waves;
  ImproveOptions options;
  options.samples = 0;
  options.round_inputs = 2304;
  options.overrides = {parse_precision_override("*=fp32"), parse_precision_override("first=int8")};
  const Improvement better = improve(network, waves, options);
  ASSERT_EQ(better.layers.size(), 1U);
  EXPECT_EQ(better.layers[0].layer, "first");

  // With all of them float nothing is left to improve, and the engine answers as one without INT8.
  options.overrides = {parse_precision_override("first=int8"), parse_precision_override("*=fp32")};
  Improvement none = improve(network, waves, options);
  EXPECT_TRUE(none.layers.empty());
  BuildOptions build_options;
  build_options.measure = false;
  build_options.shapes = {{"x", {{1, 1, 2, 2}, {2, 1, 2, 2}, {2, 1, 2, 2}}}};
  Evaluator evaluator(build(network, build_options), waves);
  build_options.int8.emplace();
  build_options.int8->table = std::move(none.table);
  build_options.int8->rule = none.rule;
  build_options.int8->rules = none.rules;
  build_options.int8->overrides = options.overrides;
  EXPECT_TRUE(std::isinf(evaluator.evaluate(build(none.network, build_options)).outputs[0].sqnr_db));
}

TEST(Improve, ChoosesCalibrators) {
  const Network network = Network::from_text(kImprovedNet);
  ImproveWaves waves;
  ImproveOptions options = nothing();
  options.rule = parse_calibration_rule("percentile:50");  // half of the values are cut
  const Improvement cut = improve(network, waves, options);
  EXPECT_TRUE(cut.rules.empty());
  options.choose_calibrators = true;
  const Improvement better = improve(network, waves, options);
  EXPECT_EQ(better.rules.size(), 2U);  // x and r
  EXPECT_FALSE(better.rules.at("r") == options.rule);
  EXPECT_GT(better.layers[1].after_db, cut.layers[1].after_db + 5);
}

}  // namespace
}  // namespace tenon
