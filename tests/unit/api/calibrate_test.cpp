// Calibration through the interface, with data made here.
#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace tenon {
namespace {

constexpr std::string_view kCalibratedNet = R"(
graph @net(%x: f32[N,4], %k: i64[1]) {
  %two = constant {value=f32[1] [2.0]} : f32[1]
  %double = mul(%x, %two) : f32[N,4]
  %positive = relu(%double) : f32[N,4]
  %whole = cast(%positive) {to=i64} : i64[N,4]
  %sum = add(%whole, %k) : i64[N,4]
  return %sum as "sum"
})";

// Batches of two samples, 0.5 · (batch + 1) · {1, -1, 0, 0.25} each.
class Ramp final : public Calibrator {
 public:
  explicit Ramp(std::int64_t batches) : batches_(batches) {}

  std::int64_t batch_size() const override { return 2; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    if (next_ == batches_) return std::nullopt;
    const float reach = 0.5F * static_cast<float>(++next_);
    const std::vector<float> values = {reach, -reach, 0, reach / 4,
                                       reach, -reach, 0, bad_ == next_ ? NAN : 0.0F};
    const std::vector<std::int64_t> k = {1};
    std::map<std::string, Tensor> inputs;
    inputs.emplace("x", Tensor::of<float>({2, 4}, values));
    inputs.emplace("k", Tensor::of<std::int64_t>({1}, k));
    return inputs;
  }
  std::optional<std::string> read_cache() override { return cache_; }
  void write_cache(std::string_view text) override { cache_ = text; }

  std::int64_t batches_;
  std::int64_t next_ = 0;
  std::int64_t bad_ = -1;
  std::optional<std::string> cache_;
};

std::vector<std::string> names_of(const CalibrationTable& table) {
  std::vector<std::string> names;
  for (const CalibratedTensor& tensor : table.tensors) names.push_back(tensor.name);
  return names;
}

TEST(Calibrate, ObservesFloatingPointTensors) {
  Ramp data(6);
  CalibrateReport report;
  const CalibrationTable table = calibrate(Network::from_text(kCalibratedNet), data, {}, &report);
  EXPECT_EQ(names_of(table), (std::vector<std::string>{"x", "double", "positive"}));
  EXPECT_EQ(table.batches, 6U);
  EXPECT_EQ(table.batch_size, 2);
  EXPECT_TRUE(table.finished);
  EXPECT_FALSE(report.from_cache);
  const CalibratedTensor& positive = *table.find("positive");
  EXPECT_EQ(positive.elements, 6U * 8);
  EXPECT_EQ(positive.min, 0.0F);
  EXPECT_EQ(positive.max, 6.0F);
  EXPECT_EQ(table.find("double")->min, -6.0F);
  EXPECT_EQ(table.find("x")->range(parse_calibration_rule("min-max"))->threshold, 3.0F);
}

// Hands out what was computed elsewhere.
class Recorded final : public Calibrator {
 public:
  explicit Recorded(std::vector<Tensor> batches) : batches_(std::move(batches)) {}
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    if (next_ == batches_.size()) return std::nullopt;
    return std::map<std::string, Tensor>{{"v", batches_[next_++]}};
  }

 private:
  std::vector<Tensor> batches_;
  std::size_t next_ = 0;
};

// Every step is exact, so that all engines agree to the bit.
constexpr std::string_view kFollowing = R"(
graph @net(%x: f32[N,4], %k: i64[1]) {
  %two = constant {value=f32[1] [2.0]} : f32[1]
  %double = mul(%x, %two) : f32[N,4]
  %r = relu(%double) : f32[N,4]
  %capped = clip(%double) {alpha=0.0, beta=3.5} : f32[N,4]
  %turned = transpose(%capped) {perm=[1,0]} : f32[4,N]
  %apart = mul(%r, %two) : f32[N,4]
  %small = clip(%apart) {alpha=0.0, beta=0.5} : f32[N,4]
  %joined = concat(%small, %r, %x) {axis=1} : f32[N,12]
  %padded = pad(%r) {pads=[0,1,0,2]} : f32[N,7]
  return %double as "double", %r as "r", %capped as "capped", %turned as "turned", %apart as "apart", %small as "small", %joined as "joined", %padded as "padded"
})";

TEST(Calibrate, TensorsThatFollowFromOthersAreCountedAsTheirValuesAre) {
  const Network network = Network::from_text(kFollowing);
  constexpr std::int64_t kBatches = 20;
  std::map<std::string, std::vector<Tensor>> values;
  BuildOptions options;
  options.device = Device::reference;
  options.shapes["x"] = {{2, 4}, {2, 4}, {2, 4}};
  const Engine engine = build(network, options);
  Ramp inputs(kBatches);
  while (const auto batch = inputs.next_batch()) {
    Context context = engine.create_context();
    for (const auto& [name, tensor] : *batch) context.set_input(name, tensor);
    context.run();
    for (const TensorInfo& output : engine.outputs()) {
      const Tensor value = context.output(output.name);  // as long as the context lives
      values[output.name].push_back(Tensor::of<float>(value.shape(), value.values<float>()));
    }
  }
  Ramp data(kBatches);
  const CalibrationTable table = calibrate(network, data);
  for (const auto& [name, tensors] : values) {
    SCOPED_TRACE(name);
    Recorded recorded(tensors);
    const Network alone =
        Network::from_text("graph @alone(%v: f32[A,B]) { %y = neg(%v) : f32[A,B] return %y as \"y\" }");
    const CalibrationTable counted = calibrate(alone, recorded);
    const CalibratedTensor& expected = *counted.find("v");
    const CalibratedTensor& found = *table.find(name);
    EXPECT_EQ(found.elements, expected.elements);
    EXPECT_EQ(found.min, expected.min);
    EXPECT_EQ(found.max, expected.max);
    EXPECT_EQ(found.histogram, expected.histogram);
  }
}

TEST(Calibrate, WritesACacheAndTakesIt) {
  const Network network = Network::from_text(kCalibratedNet);
  CalibrateOptions options;
  options.rules = {parse_calibration_rule("min-max")};
  Ramp data(2);
  const CalibrationTable table = calibrate(network, data, options);
  EXPECT_EQ(data.cache_, make_calibration_cache(table, options.rules[0]).to_text());
  Ramp again(2);
  again.cache_ = data.cache_;
  CalibrateReport report;
  const CalibrationTable taken = calibrate(network, again, options, &report);
  EXPECT_TRUE(report.from_cache);
  EXPECT_EQ(again.next_, 0) << "no batch is needed";
  EXPECT_EQ(names_of(taken), names_of(table));
  EXPECT_FLOAT_EQ(taken.find("x")->range(options.rules[0])->threshold, 1.0F);
}

TEST(Calibrate, NamesWhatIsNotFinite) {
  Ramp data(6);
  data.bad_ = 4;
  try {
    static_cast<void>(calibrate(Network::from_text(kCalibratedNet), data));
    FAIL() << "no error";
  } catch (const ModelError& error) {
    EXPECT_EQ(error.message(), "input 'x' is nan at element 7 in batch 3");
  }
}

TEST(Calibrate, NamesTheBatchForEveryNumberOfThreads) {
  const Network network = Network::from_text(R"(
graph @net(%x: f32[2,4], %k: i64[1]) {
  %huge = constant {value=f32[1] [1e38]} : f32[1]
  %y = mul(%x, %huge) : f32[2,4]
  return %y as "y"
})");
  for (const int threads : {1, 2}) {
    Ramp data(9);
    CalibrateOptions options;
    options.threads = threads;
    try {
      static_cast<void>(calibrate(network, data, options));
      FAIL() << "no error";
    } catch (const ModelError& error) {
      EXPECT_EQ(error.message(), "tensor 'y' is inf at element 0 in batch 6");  // 3.5e38
      EXPECT_NE(std::string(error.what()).find("calibrating with batch 6"), std::string::npos);
    }
  }
}

TEST(Calibrate, AComputedInfinityIsFoundInTheTensorThatComputesIt) {
  const Network network = Network::from_text(R"(
graph @net(%x: f32[2,4], %k: i64[1]) {
  %e = exp(%x) : f32[2,4]
  %l = log(%x) : f32[2,4]
  %y = add(%e, %l) : f32[2,4]
  return %y as "y"
})");
  Ramp data(1);  // log(0), log(-0.5)
  try {
    static_cast<void>(calibrate(network, data));
    FAIL() << "no error";
  } catch (const ModelError& error) {
    EXPECT_EQ(error.message().substr(0, 10), "tensor 'l'") << error.message();
  }
}

// As a caller who has one buffer does.
class Refilled final : public Calibrator {
 public:
  explicit Refilled(std::int64_t batches) : data_(batches) {}
  std::int64_t batch_size() const override { return 2; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    auto batch = data_.next_batch();
    if (!batch) return std::nullopt;
    const auto values = batch->at("x").values<float>();
    std::copy(values.begin(), values.end(), x_.begin());
    batch->at("x") = Tensor::view(DataType::f32, {2, 4}, x_.data());
    return batch;
  }

 private:
  Ramp data_;
  std::vector<float> x_ = std::vector<float>(8);
};

TEST(Calibrate, IsTheSameForEveryNumberOfThreads) {
  const Network network = Network::from_text(kFollowing);
  for (const CalibrationMode mode : {CalibrationMode::order_independent, CalibrationMode::faithful}) {
    CalibrateOptions options;
    options.mode = mode;
    options.threads = 1;
    Ramp data(9);
    const std::string expected = calibrate(network, data, options).to_text();
    for (const int threads : {2, 3}) {
      options.threads = threads;
      Ramp same(9);
      EXPECT_EQ(calibrate(network, same, options).to_text(), expected) << threads;
      Refilled refilled(9);
      EXPECT_EQ(calibrate(network, refilled, options).to_text(), expected) << threads;
    }
  }
}

TEST(Calibrate, DemandsBatches) {
  Ramp none(0);
  EXPECT_THROW(static_cast<void>(calibrate(Network::from_text(kCalibratedNet), none)), ModelError);
  Ramp few(2);
  CalibrateOptions options;
  options.shard = 2;
  options.shard_count = 3;
  EXPECT_THROW(static_cast<void>(calibrate(Network::from_text(kCalibratedNet), few, options)), ModelError);
}

TEST(CheckRanges, JudgesBothTypes) {
  const Network network = Network::from_text(kCalibratedNet);
  Ramp data(300);  // up to 150, doubled to 300: integers are read from it
  const CalibrationTable table = calibrate(network, data);
  EXPECT_TRUE(check_ranges(network, table, DataType::f16).empty());
  const auto findings = check_ranges(network, table, DataType::bf16);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].tensor, "positive");
  EXPECT_EQ(findings[0].verdict, RangeVerdict::unsafe);
  EXPECT_EQ(findings[0].nodes, (std::vector<std::string>{"relu", "cast"}));
  EXPECT_THROW(static_cast<void>(check_ranges(network, table, DataType::f32)), ModelError);
  CalibrationTable other = table;
  other.graph = std::string(32, '0');
  EXPECT_THROW(static_cast<void>(check_ranges(network, other, DataType::f16)), ModelError);
}

}  // namespace
}  // namespace tenon
