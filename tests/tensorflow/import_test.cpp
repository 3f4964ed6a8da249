// Inputs, outputs, names, formats and what the importer refuses.
#include "importers/tensorflow/import.hpp"

#include "ir/graph.hpp"
#include "support/paths.hpp"
#include "tensorflow/graph_writer.hpp"

#include <tenon/builder.hpp>
#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <string>

namespace tenon::test {
namespace {

Graph import_bytes(const std::string& bytes, const ImportOptions& options = {}) {
  return import_tensorflow(std::as_bytes(std::span(bytes)), options);
}

std::string import_failure(const std::string& bytes, const ImportOptions& options = {}) {
  try {
    import_bytes(bytes, options);
  } catch (const ModelError& error) {
    return error.what();
  }
  return {};
}

std::vector<std::string> input_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const ValueId id : graph.inputs()) names.push_back(graph.value(id).name);
  return names;
}

using Names = std::vector<std::string>;

GraphWriter small() {
  GraphWriter writer;
  writer.placeholder("x", {-1, 4}).placeholder("unneeded", {2});
  writer.node("a", "Relu", {"x"}).node("b", "Tanh", {"a:0"}).node("c", "Neg", {"a"});
  writer.node("done", "NoOp", {"^b"}).floats("k", {1}, {1}).node("left_behind", "Identity", {"k"});
  return writer;
}

TEST(TensorFlowImport, FindsInputsAndOutputs) {
  const Graph graph = import_bytes(small().graph());
  EXPECT_EQ(input_names(graph), Names{"x"});
  EXPECT_EQ(graph.output_names(), (Names{"b", "c"}));
  EXPECT_EQ(graph.type(graph.inputs()[0]).to_string(), "f32[x_0,4]");
}

TEST(TensorFlowImport, TakesGivenOutputsInputsAndShapes) {
  ImportOptions options;
  options.outputs = {"b:0"};
  options.inputs = {"a"};
  options.input_shapes = {{"a", {2, 4}}};
  const Graph graph = import_bytes(small().graph(), options);
  EXPECT_EQ(input_names(graph), Names{"a"});
  EXPECT_EQ(graph.output_names(), Names{"b:0"});
  EXPECT_EQ(graph.type(graph.outputs()[0]).to_string(), "f32[2,4]");
  options = {};
  options.input_shapes = {{"x", {3, -1}}};
  EXPECT_EQ(import_bytes(small().graph(), options).inputs().size(), 1U);
}

TEST(TensorFlowImport, RefusesOptionsThatNameNothing) {
  ImportOptions options;
  options.outputs = {"missing"};
  EXPECT_NE(import_failure(small().graph(), options).find("the model has no node 'missing'"),
            std::string::npos);
  options = {};
  options.input_shapes = {{"y", {1}}};
  EXPECT_NE(import_failure(small().graph(), options).find("no input of the model"), std::string::npos);
  options.input_shapes = {{"x", {1, 2, 3}}};
  EXPECT_NE(import_failure(small().graph(), options).find("rank 3, the model's 2"), std::string::npos);
}

TEST(TensorFlowImport, KeepsSourceNames) {
  const Graph graph = import_bytes(small().graph());
  bool found = false;
  for (const NodeId id : graph.all_nodes()) {
    const Node& node = graph.node(id);
    if (node.op.name() != "relu") continue;
    found = true;
    EXPECT_EQ(node.location, "a");
    EXPECT_EQ(graph.value(node.outputs[0]).name, "a");
  }
  EXPECT_TRUE(found);
}

TEST(TensorFlowImport, ListsEveryUnsupportedNode) {
  GraphWriter writer;
  writer.placeholder("x", {2});
  writer.node("first", "Frobnicate", {"x"})
      .node("middle", "Relu", {"first"})
      .node("second", "Twist", {"middle"});
  writer.node("third", "Elu", {"x"}, {int_attr("speed", 3)})
      .node("v", "VariableV2", {})
      .node("w", "Add", {"v", "x"});
  const std::string message = import_failure(writer.graph());
  for (const char* line :
       {"'first' (Frobnicate): the operator is not supported",
        "'second' (Twist): the operator is not supported",
        "'third' (Elu): attribute 'speed' is not supported",
        "'v' (VariableV2): the values of variables are not in the graph; freeze the model first"})
    EXPECT_NE(message.find(line), std::string::npos) << line << "\n" << message;
  EXPECT_NE(message.find("4 problems"), std::string::npos) << message;
}

TEST(TensorFlowImport, IgnoresWhatNoOutputNeeds) {
  GraphWriter writer = small();
  writer.node("v", "VariableV2", {}).node("save", "SaveV2", {"v"});
  EXPECT_EQ(import_bytes(writer.graph()).output_names(), (Names{"b", "c"}));
}

TEST(TensorFlowImport, RefusesBrokenEdges) {
  GraphWriter writer;
  writer.placeholder("x", {2}).node("a", "Relu", {"nobody"});
  EXPECT_NE(import_failure(writer.graph()).find("its input 'nobody' is the output of no node"),
            std::string::npos);
  GraphWriter loop;
  loop.placeholder("x", {2}).node("a", "Add", {"x", "b"}).node("b", "Relu", {"a"}).node("out", "Neg", {"b"});
  EXPECT_NE(import_failure(loop.graph()).find("lies on a cycle"), std::string::npos);
  GraphWriter twice;
  twice.placeholder("x", {2}).node("x", "Relu", {"x"});
  EXPECT_NE(import_failure(twice.graph()).find("two nodes are called 'x'"), std::string::npos);
  GraphWriter port;
  port.placeholder("x", {2}).node("a", "Relu", {"x"}).node("b", "Neg", {"a:3"});
  EXPECT_NE(import_failure(port.graph()).find("output 3 of 'a' is not supported"), std::string::npos);
}

TEST(TensorFlowImport, DefaultsOfPlaceholdersHoldUnlessShapesAreGiven) {
  GraphWriter writer;
  writer.placeholder("x", {2}).floats("zero", {2}, {0, 0});
  writer.node("d", "PlaceholderWithDefault", {"zero"},
              {type_attr("dtype", kFloatType), shape_attr("shape", {2})});
  writer.node("y", "Add", {"x", "d"});
  EXPECT_EQ(input_names(import_bytes(writer.graph())), Names{"x"});
  ImportOptions options;
  options.input_shapes = {{"d", {2}}};
  EXPECT_EQ(input_names(import_bytes(writer.graph(), options)), (Names{"x", "d"}));
}

TEST(TensorFlowImport, CallsFunctions) {
  GraphWriter body;
  body.node("r", "Relu", {"arg"}).node("n", "Neg", {"r:activations:0"});
  GraphWriter writer;
  writer.placeholder("x", {3}).node("call", "PartitionedCall", {"x"}, {function_attr("f", "body")});
  writer.node("direct", "body", {"call"}).function("body", {"arg"}, {{"out", "n:y:0"}}, body);
  const Graph graph = import_bytes(writer.graph());
  EXPECT_EQ(graph.output_names(), Names{"direct"});
  EXPECT_EQ(graph.node(graph.nodes(graph.body()).front()).location, "call/r");
}

TEST(TensorFlowImport, ReadsSavedModels) {
  GraphWriter writer;
  writer.placeholder("serving_x", {2}).node("y", "Relu", {"serving_x"}).node("other", "Neg", {"serving_x"});
  const std::string bytes = writer.saved_model({{"image", "serving_x:0"}}, {{"scores", "y:0"}});
  const Graph graph = import_bytes(bytes);
  EXPECT_EQ(input_names(graph), Names{"image"});
  EXPECT_EQ(graph.output_names(), Names{"scores"});
  const TempDir folder;
  std::ofstream(folder / "saved_model.pb", std::ios::binary) << bytes;
  EXPECT_EQ(Network::load(folder.path()).outputs().front().name, "scores");
  EXPECT_EQ(Network::load(folder / "saved_model.pb").outputs().front().name, "scores");
}

TEST(TensorFlowImport, RefusesConditionalOutputs) {
  GraphWriter writer;
  writer.placeholder("x", {2})
      .placeholder("p", {}, kBoolType)
      .node("s", "Switch", {"x", "p"})
      .node("y", "Relu", {"s:1"});
  ImportOptions options;
  options.outputs = {"y"};
  EXPECT_NE(import_failure(writer.graph(), options).find("under a condition only"), std::string::npos);
  EXPECT_NE(import_failure(writer.graph()).find("the model has no outputs"), std::string::npos);
}

TEST(TensorFlowImport, DilatesThroughBatches) {
  GraphWriter writer;
  writer.placeholder("x", {1, 8, 8, 2}).ints("block", {2}, {2, 2}).ints("pads", {2, 2}, {2, 2, 2, 2});
  writer.ints("crops", {2, 2}, {0, 0, 0, 0}).floats("w", {3, 3, 2, 2}, std::vector<float>(36, 0.5F));
  writer.node("in", "SpaceToBatchND", {"x", "block", "pads"});
  writer.node("conv", "Conv2D", {"in", "w"},
              {string_attr("padding", "VALID"), ints_attr("strides", {1, 1, 1, 1})});
  writer.node("out", "BatchToSpaceND", {"conv", "block", "crops"});
  const Graph graph = import_bytes(writer.graph());
  std::string operators;
  for (const NodeId id : graph.nodes(graph.body())) {
    if (graph.constant(graph.node(id).outputs[0]) == nullptr)
      operators += std::string(graph.node(id).op.name()) + " ";
  }
  EXPECT_EQ(operators, "transpose transpose conv transpose ");
  EXPECT_EQ(graph.type(graph.outputs()[0]).to_string(), "f32[1,8,8,2]");
}

}  // namespace
}  // namespace tenon::test
