// Networks as a whole: names, outputs, options, and what is said about those that cannot be imported.
#include "importers/caffe/import.hpp"

#include "caffe/support.hpp"
#include "importers/format.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace tenon::test {
namespace {

std::string relu(const std::string& name, const std::string& bottom, const std::string& top) {
  return fmt::format("layer {{ name: '{}' type: 'ReLU' bottom: '{}' top: '{}' }}\n", name, bottom, top);
}

std::vector<std::string> input_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const ValueId id : graph.inputs()) names.push_back(graph.value(id).name);
  return names;
}

using Names = std::vector<std::string>;

const std::string kInput = input("x", {1, 2});

TEST(CaffeImport, OutputsAreWhatNoLayerUses) {
  const std::string net = kInput + relu("a", "x", "a") + relu("b", "a", "b") + relu("c", "a", "c");
  EXPECT_EQ(import_net(net).output_names(), (Names{"b", "c"}));
  const std::string tested = net + "layer { type: 'Accuracy' bottom: 'b' bottom: 'x' top: 'accuracy' }" +
                             "layer { type: 'Silence' bottom: 'c' }";
  EXPECT_EQ(import_net(tested).output_names(), (Names{"b"}));
  EXPECT_EQ(net_error(kInput + relu("a", "x", "a") + "layer { type: 'Silence' bottom: 'a' }"),
            "the network has no outputs");
}

TEST(CaffeImport, BlobsComputedInPlaceKeepTheirName) {
  const std::string net = kInput +
                          "layer { name: 'p' type: 'Power' bottom: 'x' top: 'a' power_param { scale: -1 } }" +
                          relu("r", "a", "a") + relu("d", "a", "d");
  const Graph graph = import_net(net);
  EXPECT_EQ(graph.output_names(), (Names{"d"}));
  const NodeId last = graph.value(graph.outputs()[0]).producer;
  const ValueId rectified = graph.node(last).inputs[0];
  EXPECT_EQ(graph.value(rectified).name, "a");
  EXPECT_EQ(graph.node(graph.value(rectified).producer).location, "r");
  EXPECT_EQ(graph.value(graph.node(graph.value(rectified).producer).inputs[0]).name, "a/p");
  expect_close(evaluate(graph, {floats({1, 2}, {1, -2})}).at(0), {1, 2}, {0, 2});
  // In place on the input itself.
  const Graph on_input = import_net(kInput + relu("r", "x", "x") + relu("d", "x", "d"));
  EXPECT_EQ(input_names(on_input), (Names{"x"}));
}

TEST(CaffeImport, ChosenOutputsCutTheNetwork) {
  const std::string net =
      kInput + relu("a", "x", "a") + "layer { name: 'm' type: 'Magic' bottom: 'a' top: 'm' }";
  ImportOptions options;
  options.outputs = {"a"};
  EXPECT_EQ(import_net(net, {}, options).output_names(), (Names{"a"}));
  options.outputs = {"quite"};
  EXPECT_EQ(net_error(net, {}, options), "no layer gives the blob 'quite'");
}

TEST(CaffeImport, ChosenInputsCutTheNetwork) {
  const std::string net =
      kInput + "layer { name: 'm' type: 'Magic' bottom: 'x' top: 'm' }" + relu("a", "m", "a");
  ImportOptions options;
  options.inputs = {"m"};
  EXPECT_EQ(net_error(net, {}, options), "the shape of the input 'm' is not in the model: give one");
  options.input_shapes["m"] = {3, -1};
  const Graph graph = import_net(net, {}, options);
  EXPECT_EQ(input_names(graph), (Names{"m"}));
  EXPECT_EQ(graph.type(graph.outputs()[0]).to_string(), "f32[3,m_1]");
  options.inputs = {"m", "z"};
  EXPECT_EQ(net_error(net, {}, options), "no layer that the outputs need uses the input 'z'");
}

TEST(CaffeImport, ShapesAreOverridden) {
  ImportOptions options;
  options.input_shapes["x"] = {4, 7};
  EXPECT_EQ(import_net(kInput + relu("a", "x", "a"), {}, options).type(ValueId{0}).to_string(), "f32[4,7]");
  options.input_shapes["x"] = {4};
  EXPECT_EQ(net_error(kInput + relu("a", "x", "a"), {}, options),
            "the model cannot be imported:\n  'x' (Input): the given shape of 'x' has rank 1, the model's 2");
  options.input_shapes = {{"y", {1}}};
  EXPECT_EQ(net_error(kInput + relu("a", "x", "a"), {}, options),
            "a shape is given for 'y', which is no input of the model");
}

TEST(CaffeImport, OpenDimsStayOpen) {
  const std::string net = input("x", {1, 1, 4, 4}) + R"(
    layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "u" type: "Upsample" bottom: "p" top: "u" upsample_param { scale: 2 } }
    layer { name: "c" type: "Crop" bottom: "u" bottom: "x" top: "c" crop_param { axis: 2 } })";
  ImportOptions options;
  options.input_shapes["x"] = {-1, 1, -1, -1};
  const Graph graph = import_net(net, {}, options);
  EXPECT_EQ(graph.type(graph.inputs()[0]).to_string(), "f32[x_0,1,x_2,x_3]");
  expect_close(evaluate(graph, {counting({1, 1, 3, 2})}).at(0), {1, 1, 3, 2}, {3, 3, 3, 3, 5, 5});
}

TEST(CaffeImport, DataLayersAreInputsWhereTheyAreNeeded) {
  const std::string net = R"(
    layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST }
            transform_param { crop_size: 2 mean_value: 3 } data_param { source: "lmdb" batch_size: 10 backend: LMDB } }
    layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "r" bottom: "label" top: "loss" })";
  EXPECT_EQ(net_error(net),
            "the model cannot be imported:\n  'd' (Data): the shape of the input 'data' is not in the "
            "model: give one");
  ImportOptions options;
  options.input_shapes["data"] = {1, 3};
  const Graph graph = import_net(net, {}, options);
  EXPECT_EQ(input_names(graph), (Names{"data"}));
  EXPECT_EQ(graph.output_names(), (Names{"loss"}));
}

TEST(CaffeImport, MemoryAndDummyData) {
  const std::string memory = R"(layer { name: "m" type: "MemoryData" top: "x" top: "label"
    memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 } })";
  const Graph graph = import_net(memory + relu("a", "x", "a"));
  EXPECT_EQ(graph.type(graph.inputs()[0]).to_string(), "f32[2,3,4,5]");
  const std::string dummy = R"(layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param {
    shape { dim: 2 } data_filler { value: 3 } data_filler { type: "gaussian" } } }
    layer { name: "s" type: "Eltwise" bottom: "a" bottom: "b" top: "s" })";
  const Graph sum = import_net(dummy);
  EXPECT_EQ(input_names(sum), (Names{"b"}));
  expect_close(evaluate(sum, {floats({2}, {1, 2})}).at(0), {2}, {4, 5});
}

TEST(CaffeImport, ParametersComeFromTheWeights) {
  const std::string net = kInput + R"(
    layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 1 dim: 2 } } }
    layer { name: "s" type: "Eltwise" bottom: "x" bottom: "p" top: "s" })";
  expect_close(evaluate(import_net(net, {{"p", {{{1, 2}, {10, 20}}}}}), {floats({1, 2}, {1, 2})}).at(0),
               {1, 2}, {11, 22});
}

TEST(CaffeImport, ListsEverythingThatIsWrong) {
  const std::string net = kInput + R"(
    layer { name: "m" type: "Magik" bottom: "x" top: "m" }
    layer { name: "after" type: "ReLU" bottom: "m" top: "after" }
    layer { name: "s" type: "Softmx" bottom: "x" top: "s" }
    layer { name: "p" type: "Power" bottom: "x" top: "p" power_param { power: 2
      pover: 3 } }
    layer { name: "c" type: "Concat" bottom: "after" bottom: "gone" top: "c" })";
  EXPECT_EQ(net_error(net), "no layer gives the blob 'gone'");
  const std::string without = net.substr(0, net.find("layer { name: \"c\""));
  EXPECT_EQ(net_error(without),
            "the model cannot be imported, 3 problems:\n"
            "  'm' (Magik): layers of this type are not supported\n"
            "  's' (Softmx): layers of this type are not supported (did you mean 'Softmax'?)\n"
            "  'p' (Power): field 'pover' in line 7 is not supported");
}

const std::string kProduct = kInput +
                             R"(layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
    inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.1 } bias_filler { value: 2 } } }
    layer { name: "ip2" type: "InnerProduct" bottom: "ip" top: "ip2" inner_product_param { num_output: 3 } })";

TEST(CaffeImport, LayersNameTheAxesThatTheyMiss) {
  ImportOptions random;
  random.random_weights = 1;
  const std::string conv = layer("Convolution", "convolution_param { num_output: 1 kernel_size: 1 }");
  EXPECT_EQ(net_error(input("x", {3}) + conv, {}, random),
            "the model cannot be imported:\n  'l' (Convolution): needs 2 axes or more, found 1");
  const std::string lstm = layer("LSTM", "recurrent_param { num_output: 1 }", "x m s");
  const std::string inputs =
      "input: 'x' input: 'm' input: 's' input_shape { dim: 1 dim: 1 } "
      "input_shape { dim: 1 dim: 1 } input_shape { }";
  EXPECT_EQ(net_error(inputs + lstm, {}, random),
            "the model cannot be imported:\n  'l' (LSTM): needs 1 axes or more, found 0");
}

TEST(CaffeImport, AsksForWeightsOnce) {
  EXPECT_EQ(net_error(kProduct),
            "the model cannot be imported:\n  'ip' (InnerProduct): weights are missing: give the file that "
            "holds them, "
            "or ask for random ones");
  EXPECT_EQ(net_error(kProduct, {{"ip", {{{3, 2}, Floats(6)}, {{4}, Floats(4)}}}}),
            "the model cannot be imported:\n  'ip' (InnerProduct): blob 1 of its weights has the shape [4], "
            "expected [3]");
}

TEST(CaffeImport, DrawsRandomWeights) {
  ImportOptions options;
  options.random_weights = 1;
  const Tensor x = floats({1, 2}, {1, 2});
  const auto result = [&] { return evaluate(import_net(kProduct, {}, options), {x}).at(0); };
  const Tensor first = result();
  EXPECT_TRUE(first.identical(result()));
  options.random_weights = 2;
  EXPECT_FALSE(first.identical(result()));
  // The named fillers are used: a bias of 2, weights around 0.
  options.outputs = {"ip"};
  const Tensor around_two = result();
  for (const float value : around_two.values<float>()) EXPECT_NEAR(value, 2, 1.5);
}

TEST(CaffeImport, SubtractsTheMeanOfTheCentre) {
  const TempDir folder;
  std::ofstream(folder / "net.prototxt") << input("x", {1, 1, 1, 2}) << relu("a", "x", "a");
  std::ofstream(folder / "mean.binaryproto", std::ios::binary)
      << blob_bytes({{1, 1, 3, 4}, {0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0}, true});
  ImportOptions options;
  options.mean = folder / "mean.binaryproto";
  expect_close(evaluate(import_caffe(folder / "net.prototxt", options), {floats({1, 1, 1, 2}, {5, 9})}).at(0),
               {1, 1, 1, 2}, {4, 7});
  std::ofstream(folder / "mean.binaryproto", std::ios::binary) << blob_bytes({{2, 3, 4}, Floats(24)});
  EXPECT_THROW(import_caffe(folder / "net.prototxt", options), ModelError);
}

TEST(CaffeImport, IsRecognizedByContent) {
  const TempDir folder;
  const auto format = [&](const std::string& name, const std::string& content) {
    std::ofstream(folder / name, std::ios::binary) << content;
    return model_formats().find(folder / name)->name;
  };
  EXPECT_EQ(format("deploy.txt", "# a network\nname: 'n' layer {"), "Caffe");
  EXPECT_EQ(format("deploy", "input : 'x'"), "Caffe");
  EXPECT_EQ(format("empty.prototxt", "#"), "Caffe");
  EXPECT_EQ(format("w.caffemodel", std::string("\x0A\x01n")), "Caffe");
  EXPECT_NE(format("player.txt", "players: 3"), "Caffe");
  EXPECT_NE(format("binary", std::string("layer {\0", 8)), "Caffe");
}

TEST(CaffeImport, RefusesWeightsAsAModel) {
  const TempDir folder;
  std::ofstream(folder / "net.caffemodel") << caffemodel({{"a", {{{1}, {1}}}}});
  EXPECT_THROW(import_caffe(folder / "net.caffemodel", {}), ModelError);
}

}  // namespace
}  // namespace tenon::test
