// Names, scopes, order, functions, options and errors of the importer.
#include "onnx/support.hpp"
#include "ops/unary.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace tenon::test {
namespace {

std::string x3() { return value_info("x", tensor_type(kFloat, {"N", 3})); }
std::string y() { return value_info("y", tensor_type(kFloat)); }

ModelText chain(std::vector<NodeText> nodes) {
  ModelText model;
  model.graph.inputs = {x3()};
  model.graph.nodes = std::move(nodes);
  model.graph.outputs = {y()};
  return model;
}

TEST(OnnxImport, KeepsNames) {
  const Graph graph = import_model(chain({{"Relu", {"x"}, {"h"}, {}, "first"}, {"Exp", {"h"}, {"y"}}}));
  EXPECT_EQ(graph.name(), "test");
  EXPECT_EQ(graph.value(graph.inputs()[0]).name, "x");
  EXPECT_EQ(graph.output_names(), (std::vector<std::string>{"y"}));
  EXPECT_EQ(only_node(graph, "relu").location, "first");
  EXPECT_EQ(graph.value(only_node(graph, "relu").outputs[0]).name, "h");
  EXPECT_EQ(only_node(graph, "exp").location, "Exp_1");
  EXPECT_EQ(type_text(graph), "f32[N,3]");
}

TEST(OnnxImport, NamesDynamicDims) {
  ModelText model = chain({{"Relu", {"x"}, {"y"}}});
  model.graph.inputs = {value_info("x", tensor_type(kFloat, {"x_1", -1, "N*2", 4, ""}))};
  const Graph graph = import_model(model);
  const Dims& dims = *graph.type(graph.inputs()[0]).as_tensor().dims;
  EXPECT_EQ(dims[0], Dim::symbol("x_1"));
  EXPECT_EQ(dims[1], Dim::symbol("x_1_1"));  // x_1 is taken by a name of the model
  EXPECT_EQ(dims[2], Dim::symbol("N*2"));
  EXPECT_EQ(dims[3], Dim(4));
  EXPECT_EQ(dims[4], Dim::symbol("x_4"));
}

TEST(OnnxImport, ReplacesInputShapes) {
  OnnxOptions options;
  options.input_shapes["x"] = {2, 3};
  EXPECT_EQ(type_text(import_model(chain({{"Relu", {"x"}, {"y"}}}), options)), "f32[2,3]");
  options.input_shapes["x"] = {-1, -1};
  EXPECT_EQ(type_text(import_model(chain({{"Relu", {"x"}, {"y"}}}), options)), "f32[N,x_1]");
  options.input_shapes["x"] = {2};
  EXPECT_EQ(import_error(serialize(chain({{"Relu", {"x"}, {"y"}}})), options),
            "the model cannot be imported:\n  input 'x': the given shape has rank 1, the model's 2");
  options.input_shapes.clear();
  options.input_shapes["z"] = {2};
  EXPECT_EQ(import_error(serialize(chain({{"Relu", {"x"}, {"y"}}})), options),
            "a shape is given for 'z', which is no input of the model");
}

TEST(OnnxImport, InitializersThatAreInputsAreConstantsUnlessAsked) {
  ModelText model = chain({{"Add", {"x", "w"}, {"y"}}});
  model.ir_version = 3;
  model.graph.inputs.push_back(value_info("w", tensor_type(kFloat, {3})));
  model.graph.initializers = {float_tensor("w", {3}, {1, 2, 3}), float_tensor("unused", {1}, {1})};
  EXPECT_EQ(import_model(model).inputs().size(), 1U);
  OnnxOptions options;
  options.initializers_as_inputs = true;
  EXPECT_EQ(import_model(model, options).inputs().size(), 2U);
}

TEST(OnnxImport, SortsNodes) {
  const Graph graph =
      import_model(chain({{"Exp", {"b"}, {"y"}}, {"Neg", {"a"}, {"b"}}, {"Relu", {"x"}, {"a"}}}));
  EXPECT_EQ(operators(graph), "relu neg exp");
}

TEST(OnnxImport, SortsNodesThatSubgraphsDependOn) {
  GraphText branch;
  branch.nodes = {{"Neg", {"late"}, {"r"}}};
  branch.outputs = {value_info("r", tensor_type(kFloat))};
  ModelText model = chain({{"If",
                            {"c"},
                            {"y"},
                            {graph_attribute("then_branch", serialize(branch)),
                             graph_attribute("else_branch", serialize(branch))}},
                           {"Relu", {"x"}, {"late"}}});
  model.graph.inputs.push_back(value_info("c", tensor_type(kBool, {})));
  EXPECT_EQ(operators(import_model(model)), "relu if neg neg");
}

TEST(OnnxImport, NamesTheNodesOfACycle) {
  EXPECT_EQ(
      import_error(chain(
          {{"Add", {"x", "b"}, {"a"}, {}, "one"}, {"Neg", {"a"}, {"b"}, {}, "two"}, {"Exp", {"b"}, {"y"}}})),
      "the model cannot be imported, 2 problems:\n"
      "  'one' (Add, opset 13): lies on a cycle: it depends on its own result\n"
      "  'two' (Neg, opset 13): lies on a cycle: it depends on its own result");
}

TEST(OnnxImport, ListsEveryPrimaryProblem) {
  const std::string error =
      import_error(chain({{"Frobnicate", {"x"}, {"a"}},
                          {"Relu", {"a"}, {"b"}},
                          {"LeakyRelu", {"x"}, {"c"}, {attribute("alpha", "no")}, "leak"},
                          {"Warp", {"b"}, {"d"}, {}, "far", "com.example"},
                          {"Relu", {"nowhere"}, {"e"}, {}, "lost"},
                          {"Sum", {"b", "c", "d", "e"}, {"y"}}}));
  EXPECT_EQ(error,
            "the model cannot be imported, 4 problems:\n"
            "  'Frobnicate_0' (Frobnicate, opset 13): the operator is not supported\n"
            "  'leak' (LeakyRelu, opset 13): attribute 'alpha' is a string, expected a float\n"
            "  'far' (com.example.Warp): the model imports no opset of domain 'com.example'\n"
            "  'lost' (Relu, opset 13): 'nowhere' is not an input, an initializer or the output of a node");
}

TEST(OnnxImport, RefusesWrongAttributes) {
  EXPECT_EQ(import_error(chain({{"Relu", {"x"}, {"y"}, {attribute("slope", 1.0F)}, "n"}})),
            "the model cannot be imported:\n"
            "  'n' (Relu, opset 13): attribute 'slope' is not known in this version of the operator");
  EXPECT_EQ(import_error(chain({{"LeakyRelu", {"x"}, {"y"}, {attribute("alpha", 1)}, "n"}})),
            "the model cannot be imported:\n  'n' (LeakyRelu, opset 13): attribute 'alpha' is an int, "
            "expected a float");
  EXPECT_EQ(import_error(chain(
                {{"LeakyRelu", {"x"}, {"y"}, {attribute("alpha", 1.0F), attribute("alpha", 2.0F)}, "n"}})),
            "the model cannot be imported:\n  'n' (LeakyRelu, opset 13): attribute 'alpha' is given twice");
}

TEST(OnnxImport, RefusesWrongOperandsAndNames) {
  EXPECT_EQ(import_error(chain({{"Relu", {}, {"y"}, {}, "n"}})),
            "the model cannot be imported:\n  'n' (Relu, opset 13): input 0 is missing");
  EXPECT_EQ(import_error(chain({{"Relu", {"x", "x"}, {"y"}, {}, "n"}})),
            "the model cannot be imported:\n  'n' (Relu, opset 13): has 2 inputs, at most 1 are allowed");
  EXPECT_EQ(import_error(chain({{"Relu", {"x"}, {"y"}, {}, "n"}, {"Exp", {"x"}, {"y"}, {}, "m"}})),
            "the model cannot be imported:\n  'm' (Exp, opset 13): the name of output 0 is used twice: 'y'");
  EXPECT_EQ(import_error(chain({{"Relu", {"x"}, {"z"}, {}, "n"}})),
            "the model cannot be imported:\n  output 'y': 'y' is not an input, an initializer or the output "
            "of a node");
  EXPECT_EQ(import_error(chain({{"Relu", {"x"}, {"y", "mask"}, {}, "n"}})),
            "the model cannot be imported:\n  'n' (Relu, opset 13): output 1 ('mask') is not supported");
}

TEST(OnnxImport, RefusesUnknownOpsets) {
  ModelText model = chain({{"Relu", {"x"}, {"y"}}});
  model.opset = 99;
  EXPECT_EQ(import_error(model), "opset 99 is newer than 28, the newest that is known");
  model.opset = 13;
  model.graph.nodes[0].domain = "com.example";
  EXPECT_EQ(import_error(model),
            "the model cannot be imported:\n"
            "  'Relu_0' (com.example.Relu): the model imports no opset of domain 'com.example'");
}

TEST(OnnxImport, ListsBrokenInitializers) {
  ModelText model = chain({{"Add", {"x", "w"}, {"y"}}});
  model.graph.initializers = {float_tensor("w", {4}, {1, 2, 3})};
  EXPECT_EQ(import_error(model),
            "the model cannot be imported:\n  initializer 'w': a tensor of type f32[4] comes with 12 bytes");
}

TEST(OnnxImport, AddsTapsAndPicksOutputs) {
  OnnxOptions options;
  options.taps = true;
  options.outputs = {"h"};
  const Graph graph = import_model(chain({{"Relu", {"x"}, {"h"}}, {"Exp", {"h"}, {"y"}}}), options);
  ASSERT_EQ(graph.taps().size(), 2U);
  EXPECT_EQ(graph.taps()[0].name, "h");
  EXPECT_EQ(graph.output_names(), (std::vector<std::string>{"h"}));
}

TEST(OnnxImport, ReadsFilesAndTheirExternalData) {
  const TempDir directory;
  ModelText model = chain({{"Add", {"x", "w"}, {"y"}}});
  model.graph.initializers = {external_tensor("w", kFloat, {3}, "w.bin")};
  const std::string bytes = serialize(model);
  std::ofstream(directory / "m.onnx", std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const Floats stored = {1, 2, 3};
  std::ofstream(directory / "w.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(stored.data()), 12);
  const Graph graph = import_onnx(directory / "m.onnx");
  EXPECT_EQ(evaluate_floats(graph, {floats({1, 3}, {10, 20, 30})}), (Floats{11, 22, 33}));
  EXPECT_NE(import_error(bytes), "");
  try {
    import_onnx(directory / "none.onnx");
    FAIL();
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("while importing"), std::string::npos);
  }
}

// --- functions ---

ModelText with_function(FunctionText function, NodeText call) {
  ModelText model = chain({std::move(call)});
  model.domains = {{"local", 1}};
  model.functions = {std::move(function)};
  return model;
}

TEST(OnnxFunctions, AreInlinedWithAttributesAndDefaults) {
  const FunctionText function{
      "local",
      "Act",
      {"a", "b"},
      {"r"},
      {{"LeakyRelu", {"a"}, {"h"}, {reference_attribute("alpha", "slope", 1)}, "inner"},
       {"Clip", {"h", "b"}, {"r"}}},
      {},
      {attribute("slope", 0.25F)}};
  const Graph defaults = import_model(with_function(function, {"Act", {"x"}, {"y"}, {}, "call", "local"}));
  EXPECT_EQ(operators(defaults), "leaky_relu identity");
  EXPECT_EQ(only_node(defaults, "leaky_relu").location, "call/inner");
  EXPECT_EQ(fields<op::Unary>(defaults, "leaky_relu").alpha, 0.25F);
  const Graph given = import_model(
      with_function(function, {"Act", {"x"}, {"y"}, {attribute("slope", 0.5F)}, "call", "local"}));
  EXPECT_EQ(fields<op::Unary>(given, "leaky_relu").alpha, 0.5F);
  EXPECT_EQ(
      import_error(
          with_function(function, {"Act", {"x"}, {"y"}, {attribute("slop", 0.5F)}, "call", "local"})),
      "the model cannot be imported:\n  'call' (local.Act, opset 1): the function has no attribute 'slop'");
}

TEST(OnnxFunctions, MustNotCallThemselves) {
  const FunctionText function{"local", "F", {"a"}, {"r"}, {{"F", {"a"}, {"r"}, {}, "again", "local"}}};
  EXPECT_NE(import_error(with_function(function, {"F", {"x"}, {"y"}, {}, "call", "local"}))
                .find("function 'F' calls itself"),
            std::string::npos);
}

TEST(OnnxFunctions, DoNotSeeTheCallersValues) {
  const FunctionText function{"local", "F", {"a"}, {"r"}, {{"Add", {"a", "x"}, {"r"}}}};
  EXPECT_NE(import_error(with_function(function, {"F", {"x"}, {"y"}, {}, "call", "local"}))
                .find("'x' is not an input"),
            std::string::npos);
}

TEST(OnnxFunctions, UnfoldingIsBounded) {
  ModelText model = chain({{"F0", {"x"}, {"y"}, {}, "call", "local"}});
  model.domains = {{"local", 1}};
  for (int i = 0; i < 40; ++i) {
    const std::string next = "F" + std::to_string(i + 1);
    model.functions.push_back(
        {"local",
         "F" + std::to_string(i),
         {"a"},
         {"r"},
         {{next, {"a"}, {"h"}, {}, "", "local"}, {next, {"h"}, {"r"}, {}, "", "local"}}});
  }
  model.functions.push_back({"local", "F40", {"a"}, {"r"}, {{"Relu", {"a"}, {"r"}}}});
  EXPECT_NE(import_error(model).find("unfold to more than"), std::string::npos);
}

// --- control flow ---

TEST(OnnxControlFlow, BranchesCaptureOuterValues) {
  GraphText then_branch;
  then_branch.nodes = {{"Neg", {"x"}, {"r"}}};
  then_branch.outputs = {value_info("r", tensor_type(kFloat))};
  GraphText else_branch;
  else_branch.initializers = {float_tensor("two", {}, {2})};
  else_branch.nodes = {{"Mul", {"x", "two"}, {"r"}}};
  else_branch.outputs = {value_info("r", tensor_type(kFloat))};
  ModelText model = chain({{"If",
                            {"c"},
                            {"y"},
                            {graph_attribute("then_branch", serialize(then_branch)),
                             graph_attribute("else_branch", serialize(else_branch))}}});
  model.graph.inputs.push_back(value_info("c", tensor_type(kBool, {})));
  const Graph graph = import_model(model);
  EXPECT_EQ(type_text(graph), "f32[N,3]");
  const Tensor x = floats({1, 3}, {1, 2, 3});
  const bool yes = true;
  const bool no = false;
  EXPECT_EQ(evaluate_floats(graph, {x, Tensor::of<bool>({}, std::span(&yes, 1))}), (Floats{-1, -2, -3}));
  EXPECT_EQ(evaluate_floats(graph, {x, Tensor::of<bool>({}, std::span(&no, 1))}), (Floats{2, 4, 6}));
}

ModelText growing_loop(NodeText body_node) {
  GraphText body;
  body.inputs = {value_info("i", tensor_type(kInt64, {})), value_info("c", tensor_type(kBool, {})),
                 value_info("state", tensor_type(kFloat))};
  body.nodes = {{"Identity", {"c"}, {"c_out"}}, std::move(body_node)};
  body.outputs = {value_info("c_out", tensor_type(kBool)), value_info("next", tensor_type(kFloat))};
  ModelText model = chain({{"Loop", {"trips", "", "x"}, {"y"}, {graph_attribute("body", serialize(body))}}});
  model.graph.inputs = {value_info("x", tensor_type(kFloat, {2, 3}))};
  model.graph.initializers = {int64_tensor("trips", {}, {3})};
  return model;
}

TEST(OnnxControlFlow, LoopsGeneralizeWhatTheyCarry) {
  EXPECT_EQ(type_text(import_model(growing_loop({"Relu", {"state"}, {"next"}}))), "f32[2,3]");
  EXPECT_EQ(
      type_text(import_model(growing_loop({"Concat", {"state", "x"}, {"next"}, {attribute("axis", 0)}}))),
      "f32[?,3]");
  ModelText ranks = growing_loop({"Unsqueeze", {"state", "axes"}, {"next"}});
  ranks.graph.initializers.push_back(int64_tensor("axes", {1}, {0}));
  EXPECT_EQ(type_text(import_model(ranks)), "f32[*]");
}

TEST(OnnxControlFlow, ProblemsInBodiesAreListedOnce) {
  EXPECT_EQ(import_error(growing_loop({"Frobnicate", {"state"}, {"next"}, {}, "inner"})),
            "the model cannot be imported:\n  'inner' (Frobnicate, opset 13): the operator is not supported");
}

}  // namespace
}  // namespace tenon::test
