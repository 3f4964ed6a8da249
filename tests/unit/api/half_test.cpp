// Values stored in 16 bits, through the interface: what is computed so, what stays in f32, and how far
// answers may be off. Chosen by the cost model, so that nothing depends on times.
#include <tenon/builder.hpp>
#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>
#include <tenon/io.hpp>
#include <tenon/verify.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

// Layers that move more than they compute, on tensors that are large enough to count.
constexpr std::string_view kLightNet = R"(graph @light(%x: f32[1,32,48,48]) {
  %s = constant {value=i64[3] [1, 64, 576]} : i64[3]
  %a = tanh(%x) : f32[1,32,48,48] loc("first")
  %b = max_pool(%a) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("pool")
  %c = sigmoid(%b) : f32[1,32,48,48] loc("second")
  %d = average_pool(%c) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("mean")
  %e = concat(%d, %b) {axis=1} : f32[1,64,48,48] loc("join")
  %f = mul(%e, %e) : f32[1,64,48,48] loc("square")
  %g = max_pool(%f) {kernel=[2,2], stride=[2,2]} : f32[1,64,24,24] loc("small")
  %h = reshape(%g, %s) : f32[1,64,576] loc("rows")
  %i = softmax(%h) {axis=2} : f32[1,64,576] loc("share")
  return %i as "y"
})";

BuildOptions by_cost(std::vector<DataType> types) {
  BuildOptions options;
  options.measure = false;
  options.threads = 1;
  options.half.types = std::move(types);
  return options;
}

Tensor answer(const Engine& engine, const std::map<std::string, Tensor>& inputs) {
  Context context = engine.create_context();
  for (const auto& [name, tensor] : inputs) context.set_input(name, tensor);
  context.run();
  return context.output(engine.outputs().front().name).clone();
}

std::map<std::string, Tensor> inputs_of(const Engine& engine) {
  std::map<std::string, Tensor> inputs;
  std::uint64_t seed = 7;
  for (const TensorInfo& info : engine.inputs())
    inputs.emplace(info.name, random_tensor(info.dtype, info.opt, seed++));
  return inputs;
}

bool stores(const Engine& engine, std::string_view type) {
  return engine.dump().find(": " + std::string(type) + "[") != std::string::npos;
}

TEST(Half, ValuesBetweenLayersAreStoredAsAllowed) {
  const Network network = Network::from_text(kLightNet);
  const Engine exact = build(network, by_cost({}));
  EXPECT_FALSE(stores(exact, "bf16") || stores(exact, "f16"));
  const auto inputs = inputs_of(exact);
  const Tensor expected = answer(exact, inputs);
  for (const DataType type : {DataType::bf16, DataType::f16}) {
    BuildReport report;
    const Engine built = build(network, by_cost({type}), &report);
    EXPECT_TRUE(stores(built, name(type))) << built.dump();
    EXPECT_TRUE(report.kept.empty());
    const Engine engine = Engine::deserialize(built.serialize());
    EXPECT_EQ(engine.inputs().front().dtype, DataType::f32);
    EXPECT_EQ(engine.outputs().front().dtype, DataType::f32);
    const Tensor found = answer(engine, inputs);
    EXPECT_TRUE(found.identical(answer(built, inputs)));
    // An exponential of a number up to one, after seven roundings.
    const double unit = type == DataType::bf16 ? 0x1p-8 : 0x1p-11;
    const auto a = found.values<float>(), b = expected.values<float>();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(a[i]) / static_cast<double>(b[i]) - 1));
    EXPECT_LT(worst, 8 * unit) << name(type);
    EXPECT_GT(worst, unit / 64) << "nothing was rounded to " << name(type);
  }
}

TEST(Half, LayersStayAsTheyAreByName) {
  const Network network = Network::from_text(kLightNet);
  BuildOptions options = by_cost({DataType::bf16});
  options.half.overrides.push_back(parse_precision_override("*=fp32"));
  BuildReport report;
  EXPECT_FALSE(stores(build(network, options, &report), "bf16"));
  EXPECT_GE(report.kept.size(), 8U);

  options.half.overrides = {parse_precision_override("mean=fp32")};
  report = {};
  static_cast<void>(build(network, options, &report));
  ASSERT_EQ(report.kept.size(), 1U);
  EXPECT_EQ(report.kept[0].location, "mean");
  EXPECT_EQ(report.kept[0].type, DataType::bf16);
  EXPECT_FALSE(report.kept[0].reason.empty());

  options.half.overrides = {parse_precision_override("nobody=fp32")};
  EXPECT_THROW(static_cast<void>(build(network, options)), ModelError);
  EXPECT_THROW(static_cast<void>(build(network, by_cost({DataType::i8}))), ModelError);
}

// What it multiplies and divides by again is beyond f16, but not beyond bf16.
constexpr std::string_view kLargeNet = R"(graph @large(%x: f32[1,32,48,48]) {
  %up = constant {value=f32[1] [200000.0]} : f32[1]
  %a = max_pool(%x) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("before")
  %b = mul(%a, %up) : f32[1,32,48,48] loc("grows")
  %c = max_pool(%b) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("large")
  %d = div(%c, %up) : f32[1,32,48,48] loc("shrinks")
  %e = average_pool(%d) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("after")
  %f = max_pool(%e) {kernel=[3,3], pad=[1,1,1,1]} : f32[1,32,48,48] loc("last")
  return %f as "y"
})";

class Ones final : public Calibrator {
 public:
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override {
    if (done_) return std::nullopt;
    done_ = true;
    std::map<std::string, Tensor> inputs;
    inputs.emplace("x", Tensor::of<float>({1, 32, 48, 48}, std::vector<float>(32 * 48 * 48, 1.0F)));
    return inputs;
  }

 private:
  bool done_ = false;
};

TEST(Half, LayersAroundValuesThatATypeCannotHoldDoWithoutIt) {
  const Network network = Network::from_text(kLargeNet);
  Ones data;
  BuildOptions options = by_cost({DataType::f16});
  const auto inputs = inputs_of(build(network, options));
  const auto finite = [&](const Engine& engine) {
    const Tensor tensor = answer(engine, inputs);
    const auto values = tensor.values<float>();
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  };
  EXPECT_FALSE(finite(build(network, options))) << "f16 holds what it should not";
  options.half.table = calibrate(network, data);
  BuildReport report;
  const Engine engine = build(network, options, &report);
  EXPECT_TRUE(finite(engine));
  EXPECT_TRUE(stores(engine, "f16")) << engine.dump();
  EXPECT_EQ(report.kept.size(), 3U);
  for (const KeptLayer& layer : report.kept) EXPECT_NE(layer.reason.find("65504"), std::string::npos);

  options.half.types = {DataType::bf16};
  report = {};
  EXPECT_TRUE(stores(build(network, options, &report), "bf16"));
  EXPECT_TRUE(report.kept.empty());
  EXPECT_THROW(static_cast<void>(build(Network::from_text(kLightNet), options)), ModelError)
      << "a table of another network";
}

TEST(Half, VerifyAllowsForRounding) {
  VerifyOptions options;
  options.build = by_cost({DataType::bf16});
  VerifyReport report = verify(Network::from_text(kLightNet), options);
  EXPECT_TRUE(report.ok());
  for (const TapResult& tap : report.taps) {
    if (tap.name != "c") continue;
    EXPECT_LT(tap.allowed, 0.1) << "of numbers up to one";
    EXPECT_GT(tap.allowed, 0x1p-8);
  }
  options.tolerance_factor = 0.01;
  EXPECT_FALSE(verify(Network::from_text(kLightNet), options).ok());
}

}  // namespace
}  // namespace tenon
