// Writes the seeds of the ONNX importer's fuzzer: make_onnx_seeds FOLDER. One small model for each kind of
// thing that a file can hold; the fuzzer combines them.
#include "onnx/model_writer.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace tenon::test;  // NOLINT: the whole file is written in its words

struct Seed {
  std::string name;
  ModelText model;
};

ModelText node(const std::string& op_type, std::int64_t opset, std::vector<std::vector<DimText>> shapes,
               std::vector<std::string> attributes = {}, std::vector<std::string> initializers = {},
               Names more_operands = {}, Names outputs = {"y"}) {
  ModelText model;
  model.opset = opset;
  NodeText text{op_type, {}, outputs, std::move(attributes), "n"};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    text.inputs.push_back("x" + std::to_string(i));
    model.graph.inputs.push_back(value_info(text.inputs.back(), tensor_type(kFloat, shapes[i])));
  }
  text.inputs.insert(text.inputs.end(), more_operands.begin(), more_operands.end());
  model.graph.initializers = std::move(initializers);
  model.graph.nodes = {text};
  for (const std::string& name : outputs)
    model.graph.outputs.push_back(value_info(name, tensor_type(kFloat)));
  return model;
}

ModelText loop() {
  GraphText body;
  body.inputs = {value_info("i", tensor_type(kInt64, {})), value_info("c", tensor_type(kBool, {})),
                 value_info("s", tensor_type(kFloat))};
  body.nodes = {{"Identity", {"c"}, {"c1"}}, {"Concat", {"s", "x0"}, {"s1"}, {attribute("axis", 0)}}};
  body.outputs = {value_info("c1", tensor_type(kBool)), value_info("s1", tensor_type(kFloat)),
                  value_info("s", tensor_type(kFloat))};
  ModelText model = node("Loop", 13, {{2, 3}}, {graph_attribute("body", serialize(body))},
                         {int64_tensor("trips", {}, {3})}, {}, {"y", "stack"});
  model.graph.nodes[0].inputs = {"trips", "", "x0"};
  return model;
}

ModelText scan() {
  GraphText body;
  body.inputs = {value_info("s", tensor_type(kFloat)), value_info("e", tensor_type(kFloat))};
  body.nodes = {{"Add", {"s", "e"}, {"r"}}};
  body.outputs = {value_info("r", tensor_type(kFloat)), value_info("r", tensor_type(kFloat))};
  return node("Scan", 11, {{3}, {"N", 3}},
              {graph_attribute("body", serialize(body)), attribute("num_scan_inputs", 1)}, {}, {},
              {"y", "all"});
}

ModelText branches() {
  GraphText branch;
  branch.nodes = {{"Neg", {"x0"}, {"r"}}};
  branch.outputs = {value_info("r", tensor_type(kFloat))};
  const std::string bytes = serialize(branch);
  ModelText model =
      node("If", 13, {{2}}, {graph_attribute("then_branch", bytes), graph_attribute("else_branch", bytes)});
  model.graph.inputs.push_back(value_info("c", tensor_type(kBool, {})));
  model.graph.nodes[0].inputs = {"c"};
  return model;
}

ModelText function() {
  ModelText model = node("F", 13, {{"N"}}, {attribute("slope", 0.5F)});
  model.graph.nodes[0].domain = "local";
  model.domains = {{"local", 1}};
  model.functions = {
      {"local",
       "F",
       {"a", "b"},
       {"r"},
       {{"LeakyRelu", {"a"}, {"h"}, {reference_attribute("alpha", "slope", 1)}}, {"Clip", {"h", "b"}, {"r"}}},
       {},
       {attribute("slope", 0.25F)}}};
  return model;
}

std::vector<Seed> seeds() {
  const std::string w = float_tensor("w", {2, 1, 3, 3}, Floats(18, 1));
  std::vector<Seed> all = {
      {"loop", loop()},
      {"scan", scan()},
      {"if", branches()},
      {"function", function()},
      {"conv", node("Conv", 13, {{1, 1, "H", 6}},
                    {attribute("auto_pad", "SAME_UPPER"), attribute("strides", Ints{2, 2})}, {w}, {"w"})},
      {"conv_transpose", node("ConvTranspose", 13, {{1, 2, 3, 3}},
                              {attribute("output_shape", Ints{7, 8}), attribute("group", 1)}, {w}, {"w"})},
      {"max_pool", node("MaxPool", 12, {{1, 1, 6, "W"}},
                        {attribute("kernel_shape", Ints{2, 2}), attribute("pads", Ints{1, 0, 1, 0}),
                         attribute("dilations", Ints{2, 2}), attribute("ceil_mode", 1)},
                        {}, {}, {"y", "i"})},
      {"average_pool", node("AveragePool", 11, {{1, 1, 6}},
                            {attribute("kernel_shape", Ints{3}), attribute("auto_pad", "SAME_LOWER")})},
      {"gemm", node("Gemm", 13, {{"N", 3}, {4, 3}, {4}},
                    {attribute("transB", 1), attribute("alpha", 2.0F), attribute("beta", 0.5F)})},
      {"matmul", node("MatMul", 13, {{"B", 2, 3}, {3, 4}})},
      {"batch_norm",
       node("BatchNormalization", 13, {{1, 2, 3, 3}, {2}, {2}, {2}, {2}}, {attribute("epsilon", 0.1F)})},
      {"layer_norm", node("LayerNormalization", 17, {{2, 3}, {3}}, {attribute("axis", -1)}, {}, {},
                          {"y", "mean", "deviation"})},
      {"softmax", node("Softmax", 11, {{2, "T", 4}}, {attribute("axis", 1)})},
      {"lstm", node("LSTM", 14, {{5, 1, 2}, {1, 12, 2}, {1, 12, 3}},
                    {attribute("hidden_size", 3), attribute("activations", Names{"Sigmoid", "Tanh", "Relu"}),
                     attribute("direction", "reverse")},
                    {}, {}, {"y", "h", "c"})},
      {"slice", node("Slice", 13, {{4, "N"}}, {},
                     {int64_tensor("s", {2}, {0, -1}), int64_tensor("e", {2}, {3, -100}),
                      int64_tensor("a", {2}, {0, 1}), int64_tensor("t", {2}, {2, -1})},
                     {"s", "e", "a", "t"})},
      {"pad", node("Pad", 18, {{3, 4}}, {attribute("mode", "reflect")},
                   {int64_tensor("p", {2}, {1, -1}), int64_tensor("a", {1}, {1})}, {"p", "", "a"})},
      {"reshape", node("Reshape", 14, {{"N", 6}}, {attribute("allowzero", 0)},
                       {int64_tensor("s", {3}, {0, -1, 2})}, {"s"})},
      {"split", node("Split", 18, {{7}}, {attribute("num_outputs", 2)}, {}, {}, {"a", "b"})},
      {"resize",
       node("Resize", 13, {{1, 1, "H", 2}},
            {attribute("mode", "cubic"), attribute("coordinate_transformation_mode", "align_corners")},
            {float_tensor("s", {4}, {1, 1, 2, 2})}, {"", "s"})},
      {"upsample", node("Upsample", 7, {{1, 1, 2, 2}}, {attribute("scales", Floats{1, 1, 2, 2})})},
      {"top_k", node("TopK", 11, {{2, 5}}, {attribute("largest", 0)}, {int64_tensor("k", {1}, {3})}, {"k"},
                     {"v", "i"})},
      {"reduce",
       node("ReduceMean", 18, {{2, "N"}}, {attribute("keepdims", 0)}, {int64_tensor("a", {1}, {1})}, {"a"})},
      {"gather",
       node("Gather", 13, {{4, 5}}, {attribute("axis", 1)}, {int64_tensor("i", {2, 1}, {0, -1})}, {"i"})},
      {"einsum", node("Einsum", 12, {{2, 3}, {3, 4}}, {attribute("equation", "ij,jk->ik")})},
      {"clip", node("Clip", 11, {{2}}, {}, {float_tensor("low", {}, {-1})}, {"low"})},
      {"transpose", node("Transpose", 13, {{2, 3, "N"}}, {attribute("perm", Ints{2, 0, 1})})},
      {"depth_to_space",
       node("DepthToSpace", 13, {{1, 8, 2, 3}}, {attribute("blocksize", 2), attribute("mode", "CRD")})},
      {"constant", node("Constant", 13, {}, {attribute("value_ints", Ints{1, 2, 3})})},
      {"sparse",
       node("Constant", 13, {},
            {sparse_attribute("sparse_value", sparse_tensor(float_tensor("", {1}, {1}),
                                                            int64_tensor("", {1, 2}, {1, 1}), {2, 2}))})},
      {"fill", node("ConstantOfShape", 9, {}, {tensor_attribute("value", float_tensor("", {1}, {3}))},
                    {int64_tensor("s", {2}, {2, 3})}, {"s"})},
      {"range", node("Range", 11, {}, {},
                     {int64_tensor("a", {}, {0}), int64_tensor("b", {}, {9}), int64_tensor("c", {}, {2})},
                     {"a", "b", "c"})},
      {"typed", node("Add", 13, {{3}}, {}, {typed_tensor("t", kFloat16, {3}, 5, {0x3C00, 0, 1})}, {"t"})},
      {"external",
       node("Add", 13, {{3}}, {}, {external_tensor("t", kFloat, {3}, "t.bin", "0", "12")}, {"t"})},
      {"legacy_add", node("Add", 6, {{1, 2, 2}, {2}}, {attribute("broadcast", 1), attribute("axis", 1)})},
  };
  ModelText shapes = node("Relu", 13, {{"N", 4}});
  shapes.graph.nodes = {{"Shape", {"x0"}, {"s"}},
                        {"Gather", {"s", "zero"}, {"n"}},
                        {"Unsqueeze", {"n", "axis"}, {"n1"}},
                        {"Concat", {"n1", "rest"}, {"t"}, {attribute("axis", 0)}},
                        {"Reshape", {"x0", "t"}, {"y"}}};
  shapes.graph.initializers = {int64_tensor("zero", {}, {0}), int64_tensor("axis", {1}, {0}),
                               int64_tensor("rest", {2}, {2, 2})};
  all.push_back({"shape_arithmetic", shapes});
  ModelText sequence = node("SequenceConstruct", 13, {{2}, {3}}, {}, {}, {}, {"s"});
  sequence.graph.nodes.push_back({"ConcatFromSequence", {"s"}, {"y"}, {attribute("axis", 0)}});
  sequence.graph.outputs = {value_info("y", tensor_type(kFloat))};
  all.push_back({"sequence", sequence});
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_onnx_seeds FOLDER\n", stderr);
    return 1;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const Seed& seed : seeds()) {
    const std::string bytes = serialize(seed.model);
    std::ofstream(folder / seed.name, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  return 0;
}
