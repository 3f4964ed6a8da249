// Which layers run on integers, with times that a timing cache tells.
#include "api/precision_study.hpp"

#include "api/pipeline.hpp"
#include "base/cpu_info.hpp"
#include "ops/conv.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/calibrate.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

namespace tenon {
namespace {

// Three convolutions whose shapes tell their problems apart. `shift`: of the weights of the second one.
Network chain(float shift = 0) {
  Graph graph("chain");
  ValueId value = graph.add_input("x", Type::tensor(DataType::f32, Dims{1, 16, 6, 6}));
  const auto add = [&](const char* name, std::int64_t outputs, std::int64_t inputs, float by) {
    Tensor weights(DataType::f32, {outputs, inputs, 1, 1});
    float phase = 1;
    for (float& weight : weights.mutable_values<float>()) weight = 0.2F * std::sin(phase += 7) + by;
    graph.set_location(name);
    value = graph.add(op::Conv{}, {value, graph.add_constant(std::move(weights))});
    graph.set_value_name(value, std::string("result of ") + name);
  };
  add("first", 32, 16, 0);
  add("second", 48, 32, shift);
  add("third", 64, 48, 0);
  graph.add_output("y", value);
  return Network(std::move(graph));
}

class StudyWaves final : public Calibrator {
 public:
  explicit StudyWaves(const Shape& shape) : shape_(shape) {}
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    if (std::exchange(done_, true)) return std::nullopt;
    return std::map<std::string, Tensor>{{"x", wave(shape_)}};
  }
  static Tensor wave(const Shape& shape) {
    Tensor x(DataType::f32, shape);
    float phase = 0;
    for (float& value : x.mutable_values<float>()) value = std::sin(phase += 0.7F);
    return x;
  }

 private:
  Shape shape_;
  bool done_ = false;
};

// What a step takes, by the key of its problem.
using Times = std::function<double(const std::string& problem)>;

TimingCache retimed(const TimingCache& cache, const Times& times) {
  std::string told;
  std::string text = cache.to_text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const std::size_t tab = line.find('\t'), last = line.rfind('\t');
    told += tab == std::string::npos ? line
                                     : line.substr(0, last + 1) + std::to_string(times(line.substr(0, tab)));
    told += '\n';
    at = end + 1;
  }
  return TimingCache::parse(told);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Convolutions take what `conv` says of the position in the chain and of integers, all else a microsecond.
Times times_of(const std::function<double(int layer, bool integers)>& conv) {
  return [conv](const std::string& problem) {
    const int layer = has(problem, "[32,16,1,1]") ? 1 : has(problem, "[48,32,1,1]") ? 2 : 3;
    const bool integers = problem.starts_with("quantized_conv");
    if (integers || problem.starts_with("conv")) return conv(layer, integers);
    return 1000.0;
  };
}

class PrecisionStudyTest : public ::testing::Test {
 protected:
  explicit PrecisionStudyTest(Network network = chain()) : network_(std::move(network)) {
    options_.threads = 1;
    StudyWaves waves({1, 16, 6, 6});
    options_.int8.emplace();
    options_.int8->table = calibrate(network_, waves);
    choosing_.threads = 1;
    choosing_.isa = isa();
    choosing_.cache = &cache_;
  }

  PrecisionStudy study() {
    Graph placing = network_.graph();
    BuildReport report;
    run_passes_before_placement(placing, options_, report);
    return PrecisionStudy(std::move(placing), nullptr, options_, choosing_);
  }

  // With a cache that tells `times` of everything that is looked at.
  PrecisionStudy study_with(const Times& times) {
    static_cast<void>(study());
    for (std::size_t known = 0; known != cache_.size();) {
      known = cache_.size();
      cache_ = retimed(cache_, times);
      static_cast<void>(study());
    }
    cache_ = retimed(cache_, times);
    return study();
  }

  Network network_;
  BuildOptions options_;
  ChooseOptions choosing_;
  TimingCache cache_;
};

// Precisions of the layers as first chosen, in order: "u8 f32 u8".
std::string precisions(const PrecisionCosts& costs) {
  std::string text;
  for (const LayerCost& layer : costs.layers)
    text += (text.empty() ? "" : " ") + std::string(layer.precision == DataType::f32 ? "float" : "int");
  return text;
}

const LayerCost& cost_of(const PrecisionCosts& costs, std::string_view layer) {
  const auto found = std::find_if(costs.layers.begin(), costs.layers.end(),
                                  [&](const LayerCost& cost) { return cost.layer == layer; });
  if (found == costs.layers.end()) throw std::out_of_range(std::string(layer));
  return *found;
}

double middle_loses(int layer, bool integers) { return (layer == 2) == integers ? 100e3 : 10e3; }

TEST_F(PrecisionStudyTest, ALayerThatIntegersSlowDownStaysFloat) {
  const PrecisionStudy study = study_with(times_of(middle_loses));
  ASSERT_FALSE(study.trials().empty());
  EXPECT_EQ(study.trials()[0].slower, (quant::Positions{1}));
  const PrecisionCosts costs = study.costs(0);
  EXPECT_EQ(precisions(costs), "int float int");
  const LayerCost& second = cost_of(costs, "second");
  EXPECT_EQ(second.float_ns, 10e3);
  EXPECT_EQ(second.integer_ns, 100e3);
  EXPECT_TRUE(second.measured);
  EXPECT_LT(second.profit_ns(), 0);
  const LayerCost& third = cost_of(costs, "third");
  EXPECT_EQ(third.quantize_ns, 1000);  // what the second one gives
  EXPECT_GT(third.profit_ns(), 0);
  EXPECT_EQ(costs.trials[0].name, "INT8 where it pays");
  EXPECT_TRUE(costs.trials[0].chosen);
}

TEST_F(PrecisionStudyTest, AllFloatWinsWhereIntegersCostMore) {
  const PrecisionStudy study =
      study_with(times_of([](int, bool integers) { return integers ? 100e3 : 10e3; }));
  EXPECT_EQ(study.trials()[0].slower, (quant::Positions{0, 1, 2}));
  EXPECT_EQ(precisions(study.costs(0)), "float float float");
  EXPECT_EQ(study.costs(0).trials[0].name, "FP32");
}

TEST_F(PrecisionStudyTest, AllIntegersWinWhereTheyPay) {
  const PrecisionStudy study =
      study_with(times_of([](int, bool integers) { return integers ? 10e3 : 100e3; }));
  EXPECT_TRUE(study.trials()[0].slower.empty());
  EXPECT_EQ(study.trials().size(), 1U);
}

TEST_F(PrecisionStudyTest, OverridesComeBeforeTime) {
  options_.int8->overrides = {{"second", DataType::i8, PrecisionMode::strict},
                              {"third", DataType::f32, PrecisionMode::prefer}};
  const PrecisionStudy study =
      study_with(times_of([](int, bool integers) { return integers ? 100e3 : 10e3; }));
  for (const PrecisionStudy::Trial& trial : study.trials()) EXPECT_FALSE(trial.slower.contains(1));
  EXPECT_EQ(study.trials()[0].slower, (quant::Positions{0}));
  const PrecisionCosts costs = study.costs(0);
  EXPECT_EQ(precisions(costs), "float int");
  EXPECT_TRUE(cost_of(costs, "second").ordered);
}

TEST_F(PrecisionStudyTest, WithoutTimeAllRunsOnIntegers) {
  choosing_.deadline = std::chrono::steady_clock::now();
  const PrecisionStudy late = study();
  EXPECT_EQ(late.trials().size(), 1U);
  EXPECT_TRUE(late.trials()[0].slower.empty());
}

class BuildByTimeTest : public PrecisionStudyTest {
 protected:
  BuildByTimeTest() {
    options_.timing_cache = std::filesystem::path(::testing::TempDir()) / "precision_study_test.cache";
    std::filesystem::remove(options_.timing_cache);
  }
  Engine build_with(const Times& times, BuildReport* report = nullptr) {
    static_cast<void>(study_with(times));
    cache_.save(options_.timing_cache);
    return build(network_, options_, report);
  }
  Tensor answer(const Engine& engine) {
    Context context = engine.create_context();
    context.set_input("x", StudyWaves::wave({1, 16, 6, 6}));
    context.run();
    return context.output(0).clone();
  }
};

TEST_F(BuildByTimeTest, TheSameCacheGivesTheSamePlan) {
  BuildReport report;
  static_cast<void>(build_with(times_of(middle_loses), &report));
  BuildReport again;
  const std::vector<std::byte> first = build(network_, options_, &report).serialize();
  EXPECT_EQ(build(network_, options_, &again).serialize(), first);
  EXPECT_EQ(again.cache_misses, 0U);
  EXPECT_EQ(precisions(again.costs), "int float int");
  EXPECT_EQ(precisions(Engine::deserialize(first).precision_costs()), "int float int");
  const auto reason = [&](std::string_view layer) {
    for (const LayerPrecision& decided : again.layers)
      if (decided.location == layer) return decided.reason;
    return std::string("not listed");
  };
  EXPECT_EQ(reason("first"), "");
  EXPECT_EQ(reason("second"), "FP32 is faster");
}

TEST_F(BuildByTimeTest, WhereverPossibleAsksNoClock) {
  options_.int8->use = Int8Use::wherever_possible;
  BuildReport report;
  static_cast<void>(
      build_with(times_of([](int, bool integers) { return integers ? 100e3 : 10e3; }), &report));
  for (const LayerPrecision& layer : report.layers) EXPECT_EQ(layer.reason, "");
  EXPECT_TRUE(report.costs.trials.empty());
}

// The network that is built has other weights for integers than those that floats should have.
TEST_F(BuildByTimeTest, LayersThatStayFloatHaveTheirOwnWeights) {
  network_ = chain(0.05F);
  StudyWaves waves({1, 16, 6, 6});
  options_.int8->table = calibrate(network_, waves);
  options_.int8->exact = std::make_shared<const Network>(chain());
  const Engine engine = build_with(times_of([](int, bool integers) { return integers ? 100e3 : 10e3; }));
  BuildOptions plain;
  plain.threads = 1;
  plain.measure = false;
  const Tensor expected = answer(build(chain(), plain)), found = answer(engine);
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.elements()); ++i)
    ASSERT_NEAR(found.values<float>()[i], expected.values<float>()[i], 1e-4F);
}

// A pair that came with the model is no matter of time.
TEST(PrecisionStudyOfQuantized, PairsOfTheModelStay) {
  const Network network = Network::from_text(R"(
graph @net(%x: f32[1,16,6,6]) {
  %s = constant {value=f32[] [0.01]} : f32[]
  %z = constant {value=i8[] [0]} : i8[]
  %q = quantize_linear(%x, %s, %z) : i8[1,16,6,6] loc("q")
  %d = dequantize_linear(%q, %s, %z) : f32[1,16,6,6] loc("d")
  %a = relu(%d) : f32[1,16,6,6] loc("relu")
  %b = tanh(%a) : f32[1,16,6,6] loc("tanh")
  %m = constant {value=f32[1,16,1,1] [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]} : f32[1,16,1,1]
  %y = conv(%b, %m) : f32[1,1,6,6] loc("conv")
  return %y as "y"
})");
  BuildOptions options;
  options.threads = 1;
  options.measure = false;
  StudyWaves waves({1, 16, 6, 6});
  options.int8.emplace();
  options.int8->table = calibrate(network, waves);
  Graph placing = network.graph();
  BuildReport report;
  run_passes_before_placement(placing, options, report);
  const auto count = [](const Graph& graph, std::string_view op) {
    const std::vector<NodeId> nodes = graph.nodes(graph.body());
    return std::count_if(nodes.begin(), nodes.end(),
                         [&](NodeId id) { return graph.node(id).op.name() == op; });
  };
  quant::Positions all;
  for (std::size_t i = 0; i < 5; ++i) all.insert(i);
  place_and_finish(placing, options, all, report);
  EXPECT_EQ(count(placing, "quantize_linear"), 1);
  EXPECT_EQ(count(placing, "quantized_conv"), 0);
}

}  // namespace
}  // namespace tenon
