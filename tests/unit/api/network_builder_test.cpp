// NetworkBuilder: what layers become, what errors say, and that a refused layer leaves nothing behind.
#include "ir/graph.hpp"
#include "ops/registry.hpp"

#include <tenon/network.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace tenon {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

void expect_contains(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

// Runs on the reference device; inputs in order.
std::vector<Tensor> run_network(const Network& network, const std::vector<Tensor>& inputs) {
  BuildOptions options;
  options.device = Device::reference;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].shape();
    options.shapes[network.inputs()[i].name] = {shape, shape, shape};
  }
  Context context = build(network, options).create_context();
  for (std::size_t i = 0; i < inputs.size(); ++i) context.set_input(i, inputs[i]);
  context.run();
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < network.outputs().size(); ++i) outputs.push_back(context.output(i).clone());
  return outputs;
}

TEST(NetworkBuilder, InfersTypesWhileAdding) {
  NetworkBuilder net("small");
  const NetworkValue x = net.input("x", DataType::f32, {"N", 3, "H", "W"});
  EXPECT_EQ(x.type(), "f32[N,3,H,W]");
  const NetworkValue w = net.constant(Tensor(DataType::f32, {8, 3, 3, 3}));
  const NetworkValue y = net.convolution(x, w, {}, {.stride = {2, 2}, .pad = {1, 1, 1, 1}}, "first");
  EXPECT_EQ(y.name(), "first");
  EXPECT_EQ(y.dims()[1].value(), 8);
  EXPECT_EQ(y.dims()[2].text(), "floordiv(H + 1, 2)");
  const NetworkValue z = net.transpose(net.reshape(y, {0, 8, -1}), {0, 2, 1});
  EXPECT_EQ(z.dtype(), DataType::f32);
  EXPECT_EQ(z.dims().size(), 3U);
  net.output(z, "z");
  const Network network = net.network();
  EXPECT_EQ(network.inputs()[0].dims, (std::vector<std::string>{"N", "3", "H", "W"}));
  EXPECT_EQ(network.name(), "small");
  network.graph().verify();
  EXPECT_TRUE(Network::from_text(network.to_text()).graph() == network.graph());
}

TEST(NetworkBuilder, ReachesEveryOperatorByName) {
  NetworkBuilder net;
  for (const std::string& name : builtin_ops().names()) {
    // Without operands most refuse, each in its own words and none by not being there.
    const std::string message = message_of([&] { net.add(name, {}, {}, "probe"); });
    EXPECT_EQ(message.find("there is no operator"), std::string::npos) << message;
    if (message != "no error") expect_contains(message, "adding layer 'probe'");
  }
}

TEST(NetworkBuilder, TakesFieldsOfEveryKind) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2,3,8,8]");
  const NetworkValue w = net.constant(Tensor(DataType::f32, {4, 3, 3, 3}));
  const NetworkValue conv =
      net.add("conv", {x, w}, {{"auto_pad", "same_upper"}, {"epilogue", "(1) %1 = relu %0"}});
  EXPECT_EQ(conv.type(), "f32[2,4,8,8]");
  EXPECT_EQ(net.add("cast", {x}, {{"to", DataType::f16}}).dtype(), DataType::f16);
  EXPECT_EQ(net.add("leaky_relu", {x}, {{"alpha", 1}}).dtype(), DataType::f32);
  EXPECT_EQ(net.add("top_k", {x}, {{"k", 2}, {"largest", false}}).dims()[3].value(), 2);
  EXPECT_EQ(net.add("resize", {x}, {{"axes", {2, 3}}, {"scales", {2.0, 0.5}}}).type(), "f32[2,3,16,4]");
}

TEST(NetworkBuilder, NamesTheLayerInErrors) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2,3]");
  const NetworkValue y = net.input("y", "f32[4,5]");
  std::string text = message_of([&] { net.matmul(x, y, false, false, "product"); });
  expect_contains(text, "adding layer 'product' (matmul)");
  text = message_of([&] { net.add("sofmax", {x}); });
  expect_contains(text, "did you mean 'softmax'");
  text = message_of([&] { net.add("softmax", {x}, {{"axes", 1}}); });
  expect_contains(text, "has no field 'axes'");
  text = message_of([&] { net.add("softmax", {x}, {{"axis", "last"}}); });
  expect_contains(text, "expected int, found string");
  text = message_of([&] { net.add("softmax", {x}, {{"axis", 1}, {"axis", 0}}); });
  expect_contains(text, "given twice");
  text = message_of([&] { net.add("relu", {{}}); });
  expect_contains(text, "adding layer 'relu_1' (relu)");
  text = message_of([&] { net.input("x", "f32[2]"); });
  expect_contains(text, "two inputs named 'x'");
  text = message_of([&] { net.input("z", DataType::f32, {-1, 3}); });
  expect_contains(text, "negative dim");
  text = message_of([&] { net.input("z", "f32[2]{scale=%0}"); });
  expect_contains(text, "names values of a graph");
  text = message_of([&] { net.input("z", DataType::f32, {"N +"}); });
  expect_contains(text, "adding input 'z'");
  EXPECT_THROW(net.find("w"), ModelError);
  EXPECT_THROW(static_cast<void>(NetworkValue().type()), ModelError);

  NetworkBuilder other;
  text = message_of([&] { other.add("relu", {x}); });
  expect_contains(text, "belongs to another network");
  // Nothing of all that is in the network.
  EXPECT_EQ(net.network().graph().node_count(), 0U);
}

TEST(NetworkBuilder, ComputesWhatTheLayersSay) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", DataType::f32, {"N", 2});
  const NetworkValue scaled = (x + net.scalar(1)) * net.scalar(2) - x / net.scalar(4);
  net.output(scaled, "scaled");
  const NetworkValues parts = net.split(net.clip(x, -1, 1), 1, {1, 1});
  net.output(net.concat({parts[1], parts[0]}, 1), "swapped");
  net.output(net.reduce("max", net.pad(x, {0, 1, 0, 0}, 7), {0, 1}, false), "largest");
  net.output(net.slice(x, {1}, {2}, {.axes = {1}}), "second");
  net.output(net.linear(x, net.constant(Tensor::of<float>({3, 2}, std::array{1.F, 0.F, 0.F, 1.F, 1.F, 1.F})),
                        {}, true),
             "linear");
  const std::vector<Tensor> outputs =
      run_network(net.network(), {Tensor::of<float>({2, 2}, std::array{0.F, 4.F, -2.F, 8.F})});
  EXPECT_EQ(floats(outputs[0]), (std::vector<float>{2, 9, -1.5F, 16}));
  EXPECT_EQ(floats(outputs[1]), (std::vector<float>{1, 0, 1, -1}));
  EXPECT_EQ(floats(outputs[2]), (std::vector<float>{8}));
  EXPECT_EQ(floats(outputs[3]), (std::vector<float>{4, 8}));
  EXPECT_EQ(floats(outputs[4]), (std::vector<float>{0, 4, 4, -2, 8, 6}));
}

TEST(NetworkBuilder, RunsControlFlow) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[1]");
  const NetworkValue trips = net.constant(std::array<std::int64_t, 1>{3});
  // The carried value grows with every iteration, so the body is typed again.
  int calls = 0;
  const NetworkValues loop =
      net.loop(trips, {}, {x}, [&](const NetworkValue& index, const NetworkValues& carried) {
        ++calls;
        const NetworkValue next =
            net.concat({carried[0], x + net.unsqueeze(net.cast(index, DataType::f32), {0})}, 0);
        return NetworkBuilder::Iteration{.carried = {next}, .stacked = {index}};
      });
  EXPECT_GT(calls, 1);
  net.output(loop[0], "grown");
  const NetworkValue positive = net.elementwise("greater", net.reduce("sum", x, {}, false), net.scalar(0));
  const NetworkValues chosen = net.if_else(
      positive, [&] { return NetworkValues{x + x}; }, [&] { return NetworkValues{x * net.scalar(-1)}; });
  net.output(chosen[0], "chosen");
  const NetworkValue rows = net.input("rows", "f32[3,2]");
  const NetworkValues sums = net.scan({net.constant(Tensor(DataType::f32, {2}))}, {rows},
                                      [&](const NetworkValues& states, const NetworkValues& slices) {
                                        const NetworkValue sum = states[0] + slices[0];
                                        return NetworkBuilder::Step{{sum}, {sum}};
                                      });
  net.output(sums[1], "sums");
  const Network network = net.network();
  network.graph().verify();
  const std::vector<Tensor> outputs =
      run_network(network, {Tensor::of<float>({1}, std::array{5.F}),
                            Tensor::of<float>({3, 2}, std::array{1.F, 2.F, 3.F, 4.F, 5.F, 6.F})});
  EXPECT_EQ(floats(outputs[0]), (std::vector<float>{5, 5, 6, 7}));
  EXPECT_EQ(floats(outputs[1]), (std::vector<float>{10}));
  EXPECT_EQ(floats(outputs[2]), (std::vector<float>{1, 2, 4, 6, 9, 12}));
}

TEST(NetworkBuilder, TakesBackABodyThatFails) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", "f32[2]");
  const NetworkValue condition = net.input("condition", "bool[]");
  NetworkValue inner;
  const auto body = [&]() -> NetworkValues {
    inner = net.add("relu", {net.add("neg", {x})});
    throw std::runtime_error("the user's own");
  };
  EXPECT_THROW(net.if_else(
                   condition, [&] { return NetworkValues{x}; }, body),
               std::runtime_error);
  expect_contains(message_of([&] { net.add("relu", {inner}); }), "from inside of a body");
  // The branches differ in number, which shows only when the layer is made.
  const std::string text = message_of([&] {
    net.if_else(
        condition, [&] { return NetworkValues{x}; },
        [&] {
          return NetworkValues{x, x + x};
        },
        "choice");
  });
  expect_contains(text, "adding layer 'choice' (if)");
  expect_contains(message_of([&] {
                    net.loop({}, condition, {x}, [](const NetworkValue&, const NetworkValues&) {
                      return NetworkBuilder::Iteration{};
                    });
                  }),
                  "the body gives 0 carried values, expected 1");
  net.output(x + x, "y");
  const Network network = net.network();
  network.graph().verify();
  EXPECT_EQ(network.graph().node_count(), 1U);
}

TEST(NetworkBuilder, GoesOnFromANetwork) {
  const Network imported = Network::from_text(
      "graph @g(%x: f32[N,4]) {\n  %h = relu(%x) : f32[N,4]\n  %y = exp(%h) : f32[N,4]\n  return %y as "
      "\"y\"\n}\n");
  NetworkBuilder net(imported);
  net.clear_outputs();
  net.output(net.softmax(net.find("h")), "probabilities");
  net.tap(net.find("h"), "hidden");
  const Network changed = net.network();
  EXPECT_EQ(changed.outputs().size(), 1U);
  EXPECT_EQ(changed.outputs()[0].name, "probabilities");
  EXPECT_EQ(imported.outputs()[0].name, "y");
  expect_contains(message_of([&] { net.tap(net.find("h"), "hidden"); }), "two taps");
  changed.graph().verify();
}

}  // namespace
}  // namespace tenon
