// Values that are looked at in passing, against the same values kept as outputs.
#include "api/observing_engine.hpp"

#include "api/passing_values.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"

#include <tenon/network.hpp>

#include <gtest/gtest.h>

#include <set>

namespace tenon {
namespace {

// Small integers: sums are exact, whatever adds them up.
Tensor integers(std::uint64_t seed, Shape shape) {
  Random random(seed);
  Tensor tensor(DataType::f32, std::move(shape));
  for (float& x : tensor.mutable_values<float>()) x = static_cast<float>(random.below(5)) - 2;
  return tensor;
}

const std::set<std::string> kValues = {"c", "r", "d", "s", "p", "odd", "t", "u"};

// 32 channels come in blocks of 16, 20 do not fill theirs.
Network net_of_convolutions(bool all_are_outputs) {
  NetworkBuilder net("net");
  ConvolutionOptions padded;
  padded.pad = {1, 1, 1, 1};
  const NetworkValue none;
  PoolingOptions halving;
  halving.stride = {2, 2};
  const NetworkValue x = net.input("x", DataType::f32, {1, 32, 12, 12});
  const NetworkValue c = net.convolution(x, net.constant(integers(1, {32, 32, 3, 3})), none, padded);
  const NetworkValue r = net.activation("relu", c);
  const NetworkValue d = net.convolution(r, net.constant(integers(2, {32, 32, 1, 1})), none);
  const NetworkValue s = c + d;
  const NetworkValue p = net.max_pool(s, {2, 2}, halving);
  const NetworkValue odd = net.convolution(p, net.constant(integers(3, {20, 32, 1, 1})), none);
  const NetworkValue t = net.transpose(odd, {0, 2, 3, 1});
  const NetworkValue u = net.add("neg", {t});
  const NetworkValue all[] = {c, d, odd, p, r, s, t, u};
  auto name = kValues.begin();
  for (const NetworkValue& value : all) {
    net.set_name(value, *name);
    if (all_are_outputs || *name == "u") net.output(value, *name);
    ++name;
  }
  return net.network();
}

TEST(ObservingEngine, ShowsInPassingWhatIsThere) {
  ObservingEngine::Inputs inputs;
  inputs.emplace("x", integers(4, {1, 32, 12, 12}));
  const Network network = net_of_convolutions(false);
  const Network kept = net_of_convolutions(true);
  ObservingEngine engine(network, {}, false, {}, std::make_shared<ThreadPool>(1));
  BuildOptions options;
  options.device = Device::reference;
  const Engine reference = build(kept, options);
  Context context = reference.create_context();
  context.set_input("x", inputs.at("x"));
  context.run();
  std::size_t in_blocks = 0;
  std::set<std::string> seen;
  engine.run(engine.prepare(inputs), [&](const ObservedTensor& tensor, const Tensor& value) {
    if (tensor.input) return;
    SCOPED_TRACE(tensor.name);
    EXPECT_TRUE(seen.insert(tensor.name).second) << "once";
    if (tensor.channel_block > 0) ++in_blocks;
    const Tensor expected = context.output(tensor.name);
    ASSERT_EQ(value.shape(), expected.shape());
    std::vector<float> in_order(static_cast<std::size_t>(value.elements()));
    for (std::int64_t i = 0; i < value.elements(); ++i) {
      const auto element = static_cast<std::size_t>(tensor.element(i, value.shape()));
      in_order.at(element) = value.values<float>()[static_cast<std::size_t>(i)];
    }
    const auto values = expected.values<float>();
    EXPECT_EQ(in_order, std::vector<float>(values.begin(), values.end()));
  });
  EXPECT_EQ(seen, kValues);
  EXPECT_GE(in_blocks, 3U) << "nothing is tested";
}

TEST(ObservingEngine, ElementsOfBlocks) {
  ObservedTensor tensor;
  EXPECT_EQ(tensor.element(1234, {2, 32, 5, 7}), 1234);
  tensor.channel_block = 16;
  const auto element = [&](std::int64_t n, std::int64_t block, std::int64_t pixel, std::int64_t lane) {
    return tensor.element(((n * 2 + block) * 35 + pixel) * 16 + lane, {2, 32, 5, 7});
  };
  EXPECT_EQ(element(0, 0, 0, 0), 0);
  EXPECT_EQ(element(0, 0, 0, 3), 3 * 35);
  EXPECT_EQ(element(0, 1, 34, 15), 32 * 35 - 1);
  EXPECT_EQ(element(1, 1, 4, 2), 32 * 35 + 18 * 35 + 4);
}

TEST(PassingValues, AreThoseThatStepsComputeInTheArena) {
  const auto buffer = [](const char* name, Buffer::Storage storage, Dims dims, Layout layout) {
    Buffer made;
    made.name = name;
    made.storage = storage;
    TensorType type;
    type.dims = std::move(dims);
    type.layout = std::move(layout);
    made.type = type;
    return made;
  };
  StepList list;
  const Layout blocked = Layout::channel_blocked(16);
  constexpr auto kArena = Buffer::Storage::arena;
  list.buffers = {buffer("x", Buffer::Storage::input, {1, 32, 4, 4}, {}),
                  buffer("y", kArena, {1, 32, 4, 4}, blocked),
                  buffer("y", kArena, {1, 32, 4, 4}, {}),
                  buffer("odd", kArena, {1, 20, 4, 4}, blocked),
                  buffer("last", Buffer::Storage::output, {1, 32, 4, 4}, {}),
                  buffer("twice", kArena, {4}, {}),
                  buffer("twice", kArena, {4}, {})};
  const auto step = [&](std::vector<std::uint32_t> from, std::uint32_t to) {
    PlanStep made;
    for (const std::uint32_t id : from) made.inputs.emplace_back(id);
    made.outputs.emplace_back(to);
    list.steps.push_back(made);
  };
  step({0}, 1);
  step({1}, 2);  // a conversion
  step({1}, 3);
  step({2}, 4);
  step({0}, 5);
  step({0}, 6);
  const auto y = find_passing(list, "y");
  ASSERT_TRUE(y.has_value());
  EXPECT_EQ(y->buffer, BufferId(1));
  EXPECT_EQ(y->channel_block, 16);
  for (const char* name : {"x", "odd", "last", "twice", "nothing"}) {
    EXPECT_FALSE(find_passing(list, name).has_value()) << name;
  }
}

}  // namespace
}  // namespace tenon
