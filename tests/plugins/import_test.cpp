// How importers find plugins.
#include "onnx/model_writer.hpp"
#include "sample_plugins.hpp"
#include "support/paths.hpp"
#include "tensorflow/graph_writer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tenon {
namespace {

using namespace test;

struct PluginImport : testing::Test {
  void SetUp() override { register_sample_plugins(); }
};

ModelText model_of(NodeText node, std::vector<std::pair<std::string, std::int64_t>> domains = {{"test", 1}}) {
  return {.graph = {.inputs = {value_info("x", tensor_type(kFloat, {3}))},
                    .nodes = {std::move(node)},
                    .outputs = {value_info("y", tensor_type(kFloat))}},
          .domains = std::move(domains)};
}

Network import(const ModelText& model) {
  const std::string bytes = serialize(model);
  return Network::from_onnx(as_bytes(bytes));
}

NodeText affine(std::vector<std::string> attributes = {}) {
  return {.op_type = "Affine",
          .inputs = {"x"},
          .outputs = {"y"},
          .attributes = std::move(attributes),
          .name = "the_node",
          .domain = "test"};
}

TEST_F(PluginImport, ReadsAttributesOfEveryKind) {
  const std::string text =
      import(model_of(affine({attribute("factor", 3.0F), attribute("relu", 1), attribute("name", "n"),
                              attribute("taps", Ints{1, 2}), attribute("weights", Floats{1.0F}),
                              attribute("labels", Names{"a", "b"}), attribute("dtype", 7),
                              tensor_attribute("table", typed_tensor("t", kInt32, {2}, 5, {4, 5}))})))
          .to_text();
  for (const char* part : {"factor=3.0", "relu=true", "name=\"n\"", "taps=[1,2]", "weights=[1.0]",
                           "labels=[\"a\",\"b\"]", "dtype=i64", "table=i32[2]", "loc(\"the_node\")"}) {
    expect_contains(text, part);
  }
}

TEST_F(PluginImport, ChoosesTheVersionOfTheDomain) {
  expect_contains(import(model_of(affine())).to_text(), "\"test:Affine:1\"");
  expect_contains(import(model_of(affine({attribute("factor", 1.0F)}), {{"test", 5}})).to_text(),
                  "\"test:Affine:2\"");
  // Without an opset of the domain: the newest. As models for TensorRT say it: the one named.
  expect_contains(import(model_of(affine({attribute("factor", 1.0F)}), {})).to_text(), "\"test:Affine:2\"");
  expect_contains(
      import(model_of(affine({attribute("plugin_version", "1"), attribute("plugin_namespace", "")}),
                      {{"test", 5}}))
          .to_text(),
      "\"test:Affine:1\"");
}

TEST_F(PluginImport, GoesBeforeAFunctionOfTheModel) {
  ModelText model = model_of(affine());
  model.functions = {{.domain = "test",
                      .name = "Affine",
                      .inputs = {"a"},
                      .outputs = {"b"},
                      .nodes = {{.op_type = "Neg", .inputs = {"a"}, .outputs = {"b"}}}}};
  expect_contains(import(model).to_text(), "\"test:Affine:1\"");
}

TEST_F(PluginImport, ReadsWhatWasWritten) {
  NetworkBuilder net;
  const NetworkValue x = net.input("x", DataType::f32, {"N", 3});
  const NetworkValue one =
      net.add("test:Affine:1", {x},
              {{"factor", 3}, {"relu", true}, {"taps", {1, 2}}, {"labels", {"one", "two"}}}, "first");
  net.output(net.add("test:Affine:2", {one}, {{"factor", 4}}, "second"), "y");
  const Network network = net.network();
  const TempDir folder;
  network.save_onnx(folder / "plugins.onnx");
  const std::string back = Network::load(folder / "plugins.onnx").to_text();
  expect_contains(back,
                  "\"test:Affine:1\"(%x) {factor=3.0, relu=true, taps=[1,2], labels=[\"one\",\"two\"]}");
  expect_contains(back, "\"test:Affine:2\"(");
  expect_contains(back, "{factor=4.0}");
}

TEST_F(PluginImport, SaysWhatIsWrong) {
  const auto error = [](const ModelText& model) { return error_of([&] { import(model); }); };
  expect_contains(error(model_of(affine({attribute("speed", 1)}))), "speed");
  expect_contains(error(model_of(affine({attribute("factor", "fast")}))), "factor");
  expect_contains(error(model_of(affine({}), {{"test", 5}})), "the field 'factor' is required");
  expect_contains(error(model_of(affine({attribute("plugin_version", "7")}))),
                  "its plugin is loaded in version 1, 2 only");
  NodeText unknown = affine();
  unknown.op_type = "Nothing";
  expect_contains(error(model_of(unknown)), "the operator is not supported, and no plugin for it is loaded");
}

Network import_file(const std::string& name, const std::string& bytes) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + name);
  std::ofstream(path, std::ios::binary) << bytes;
  Network network = Network::load(path);
  std::filesystem::remove(path);
  return network;
}

TEST_F(PluginImport, TakesLayersOfCaffe) {
  const auto net = [](const std::string& fields) {
    return import_file("net.prototxt",
                       "input: \"x\" input_shape { dim: 2 dim: 3 }\n"
                       "layer { name: \"custom\" type: \"Affine\" bottom: \"x\" top: \"y\" affine_param { " +
                           fields + " } }\n");
  };
  const std::string text = net("factor: 3 relu: true name: \"n\" taps: 1 taps: 2").to_text();
  expect_contains(text, "\"caffe:Affine:1\"(%x) {factor=3.0, relu=true, name=\"n\", taps=[1,2]} : f32[2,3]");
  expect_contains(error_of([&] { net("speed: 3"); }), "field 'speed' in line");
  expect_contains(error_of([&] { net("factor: fast"); }), "factor");
}

TEST_F(PluginImport, TakesNodesOfTensorFlow) {
  const auto graph = [](const std::vector<Attribute>& attributes) {
    GraphWriter writer;
    writer.placeholder("x", {2, 3}).node("custom", "Affine", {"x"}, attributes);
    return import_file("graph.pb", writer.graph());
  };
  const std::string text = graph({bool_attr("relu", true), string_attr("name", "n"),
                                  ints_attr("taps", {1, 2}), type_attr("T", kFloatType)})
                               .to_text();
  expect_contains(text, "\"tensorflow:Affine:1\"(%x) {relu=true, name=\"n\", taps=[1,2]} : f32[2,3]");
  expect_contains(error_of([&] { graph({int_attr("speed", 3)}); }), "speed");
}

}  // namespace
}  // namespace tenon
