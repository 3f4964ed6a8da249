// What the exporter promises besides the answers: every operator, names, symbolic dims, data files, errors.
#include "exporters/onnx/export.hpp"
#include "exporters/onnx/registry.hpp"
#include "exporters/round_trip.hpp"
#include "importers/onnx/import.hpp"
#include "importers/onnx/reader.hpp"
#include "ir/constant.hpp"
#include "ir/parser.hpp"
#include "onnx/backend_data.hpp"
#include "ops/registry.hpp"
#include "support/evaluate.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace tenon::test {
namespace {

Graph graph_of(const char* text) { return parse(text, builtin_ops()); }

onnx::ModelDef read(const std::string& bytes) { return onnx::read_model(bytes); }

TEST(OnnxExport, KnowsEveryOperator) {
  for (const std::string& name : builtin_ops().names()) {
    const bool known =
        onnx_export::registry().find(name) != nullptr || builtin_ops().find(name)->can_decompose();
    EXPECT_EQ(known, test::unwritten_operators().count(name) == 0)
        << name << " wants a row or a writer in src/exporters/onnx/ops (docs/adding-an-op.md)";
  }
  for (const std::string& name : onnx_export::registry().names())
    EXPECT_NE(builtin_ops().find(name), nullptr) << name << " is no operator";
}

TEST(OnnxExport, KeepsNamesAndSymbols) {
  const Graph graph = graph_of(R"(
graph @net(%image: f32[N,3,H,W]) {
  %features = relu(%image) : f32[N,3,H,W] loc("act_1")
  %mean = global_average_pool(%features) : f32[N,3,1,1] loc("pool_1")
  return %mean as "score", %features as "maps"
}
)");
  const std::string bytes = to_onnx(graph);
  const onnx::ModelDef model = read(bytes);
  EXPECT_EQ(model.producer_name, "tenon");
  EXPECT_EQ(model.opset_imports.at(0).version, kOnnxOpset);
  EXPECT_EQ(model.graph.name, "net");
  const auto& dims = *model.graph.inputs.at(0).type.shape;
  EXPECT_EQ(dims.at(0).param, "N");
  EXPECT_EQ(dims.at(1).value, 3);
  EXPECT_EQ(dims.at(2).param, "H");
  ASSERT_EQ(model.graph.nodes.size(), 2U);
  EXPECT_EQ(model.graph.nodes[0].name, "act_1");
  EXPECT_EQ(model.graph.nodes[0].outputs.at(0), "maps");
  EXPECT_EQ(model.graph.nodes[1].op_type, "GlobalAveragePool");
  EXPECT_EQ(model.graph.nodes[1].outputs.at(0), "score");
}

// Results that are inputs, constants, or asked for twice have no node of their own that could name them.
TEST(OnnxExport, NamesEveryResult) {
  const Graph graph = graph_of(R"(
graph @g(%x: f32[2]) {
  %c = constant() {value=f32[2][1, 2]} : f32[2]
  %y = add(%x, %c) : f32[2]
  return %x as "same", %c as "fixed", %y as "first", %y as "second"
}
)");
  expect_same_results(graph, through_onnx(graph));
}

TEST(OnnxExport, KeepsValuesOfNestedGraphsApart) {
  const Graph graph = graph_of(R"(
graph @g(%c: bool[], %x: f32[2]) {
  %y = if(%c) : f32[2]
    region {
      %z = exp(%x) : f32[2]
      return %z
    }
    region {
      %z = neg(%x) : f32[2]
      return %z
    }
  %w = if(%c) : f32[2]
    region {
      return %x
    }
    region {
      return %y
    }
  return %y as "y", %w as "w"
}
)");
  expect_same_results(graph, through_onnx(graph), 1);
  expect_same_results(graph, through_onnx(graph), 2);
}

TEST(OnnxExport, PutsLargeConstantsIntoASecondFile) {
  Graph graph("g");
  const ValueId x = graph.add_input("x", Type::tensor(DataType::f32, {Dim(1000)}));
  Tensor weights(DataType::f32, {1000}), few(DataType::i64, {1});
  for (std::size_t i = 0; i < 1000; ++i) weights.mutable_values<float>()[i] = static_cast<float>(i);
  few.mutable_values<std::int64_t>()[0] = 500;
  const ValueId sum = graph.add(builtin_ops().make("add", {}), {x, graph.add_constant(weights)});
  graph.add_output("y", graph.add(builtin_ops().make("mul", {}), {sum, graph.add_constant(weights)}));
  const TempDir folder;
  OnnxExportOptions options;
  options.max_inline_bytes = 100;
  write_onnx(graph, folder / "g.onnx", options);
  EXPECT_LT(std::filesystem::file_size(folder / "g.onnx"), 1000U);
  EXPECT_GE(std::filesystem::file_size(folder / "g.onnx.data"), 8000U);
  expect_same_results(graph, import_onnx(folder / "g.onnx"));

  write_onnx(graph, folder / "whole.onnx");
  EXPECT_FALSE(std::filesystem::exists(folder / "whole.onnx.data"));
  expect_same_results(graph, import_onnx(folder / "whole.onnx"));
}

TEST(OnnxExport, ListsEveryNodeWithoutAForm) {
  const Graph graph = graph_of(R"(
graph @g(%m: u64[1,1,4,4], %n: i64[1,1,4,4]) {
  %a = max_pool(%m) {kernel=[2,2]} : u64[1,1,3,3] loc("pool_1")
  %b = relu(%a) : u64[1,1,3,3]
  %c = max_pool(%n) {kernel=[2,2]} : i64[1,1,3,3] loc("pool_2")
  return %b as "b", %c as "c"
}
)");
  try {
    to_onnx(graph);
    FAIL() << "no error";
  } catch (const ModelError& error) {
    EXPECT_STREQ(error.what(),
                 "2 nodes of the graph cannot be written as ONNX:\n"
                 "  max_pool 'pool_1': ONNX pools no 64-bit integers\n"
                 "  max_pool 'pool_2': ONNX pools no 64-bit integers");
  }
}

TEST(OnnxExport, ShiftsSignedNumbers) {
  const Graph graph = graph_of(R"(
graph @g(%x: i64[8]) {
  %n = constant {value=i64[8] [0, 1, 3, 4, 7, 20, 40, 62]} : i64[8]
  %c = constant {value=i64[8] [-1, -2, -7, -128, 127, -1048577, 9223372036854775807, -9223372036854775808]} : i64[8]
  %i = cast(%c) {to=i32} : i32[8]
  %m = constant {value=i32[8] [0, 1, 2, 3, 4, 5, 6, 30]} : i32[8]
  %s = add(%c, %x) : i64[8]
  %r = shift_right(%s, %n) : i64[8]
  %l = shift_left(%s, %n) : i64[8]
  %k = shift_right(%i, %m) : i32[8]
  return %r as "r", %l as "l", %k as "k"
}
)");
  expect_same_results(graph, through_onnx(graph));
}

// Seed 20750 of the differential test: axes that count from the end need no rank.
TEST(OnnxExport, NormalizesWhatHasNoKnownRank) {
  const Graph graph = graph_of(R"(
graph @g(%x: f32[*], %s: f32[4]) {
  %a = rms_norm(%x, %s) : f32[*]
  %b = layer_norm(%x) : f32[*]
  return %a as "a", %b as "b"
}
)");
  const std::string bytes = to_onnx(graph);
  EXPECT_EQ(read(bytes).graph.nodes.at(0).op_type, "RMSNormalization");
}

// Seed 31481 of the differential test.
TEST(OnnxExport, SaysShapesWithoutElementsInFull) {
  const Graph graph = graph_of(R"(
graph @g(%x: f32[0,3,4]) {
  %s = constant {value=i64[2] [0, -1]} : i64[2]
  %y = reshape(%x, %s) : f32[0,12]
  return %y as "y"
}
)");
  const std::string bytes = to_onnx(graph);
  EXPECT_EQ(read(bytes).graph.nodes.at(0).attributes.at(0).i, 1);
  expect_same_results(graph, through_onnx(graph));
}

TEST(OnnxExport, WritesDetectionsAsWhatTheyAreMadeOf) {
  const auto graph_with = [&](const std::string& fields, int location_sets) {
    return parse(
        fmt::format("graph @g(%l: f32[2,{}], %s: f32[2,12]) {{\n"
                    "  %boxes = constant {{value=f32[1,1,16] [0.1, 0.1, 0.7, 0.7, 0.2, 0.1, 0.9, 0.8, "
                    "0.1, 0.3, 0.8, 0.9, 0.0, 0.0, 0.6, 0.6]}} : f32[1,1,16]\n"
                    "  %variances = constant {{value=f32[1,1,16] [0.1, 0.1, 0.1, 0.2, 0.1, 0.2, 0.1, 0.1, "
                    "0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}} : f32[1,1,16]\n"
                    "  %p = concat(%boxes, %variances) {{axis=1}} : f32[1,2,16]\n"
                    "  %y = detection_output(%l, %s, %p) {{num_classes=3, {}}} : f32[1,1,?,7]\n"
                    "  return %y as \"y\"\n}}\n",
                    16 * location_sets, fields),
        builtin_ops());
  };
  for (const std::string code : {"corner", "corner_size", "center_size"}) {
    for (const std::string fields :
         {R"(background=0)", R"(nms_top_k=2, keep_top_k=3)", R"(confidence_threshold=0.5, nms_threshold=0.6)",
          R"(variance_in_target=true, nms_threshold=0.1, keep_top_k=1)", R"(confidence_threshold=100.0)"}) {
      const std::string all = fmt::format("code=\"{}\", {}", code, fields);
      SCOPED_TRACE(all);
      // Locations that are not scaled turn boxes over, of which each side makes something else.
      if (code == "center_size" || fields.find("variance_in_target") == std::string::npos) {
        const Graph shared = graph_with(all, 1);
        expect_same_results(shared, through_onnx(shared));
        const Graph apart = graph_with(all + ", share_location=false", 3);
        expect_same_results(apart, through_onnx(apart));
      }
    }
  }
  EXPECT_THROW(to_onnx(graph_with("eta=0.5, nms_threshold=0.7", 1)), ModelError);
}

// Runtimes and checker disagree on what same_* means where the kernel is smaller than the stride (seed 328 of
// the differential test).
TEST(OnnxExport, SaysThePaddingOfTransposedConvolutions) {
  const Graph graph = graph_of(R"(
graph @g(%x: f32[1,1,3,H], %w: f32[1,1,1,4]) {
  %y = conv_transpose(%x, %w) {stride=[2,1], auto_pad="same_lower"} : f32[1,1,6,H]
  return %y as "y"
}
)");
  const std::string bytes = to_onnx(graph);
  const onnx::ModelDef model = read(bytes);
  for (const onnx::AttributeDef& attribute : model.graph.nodes.at(0).attributes) {
    EXPECT_NE(attribute.name, "auto_pad");
    if (attribute.name == "pads") {
      EXPECT_EQ(attribute.ints, (std::vector<std::int64_t>{0, 2, 0, 1}));
    } else if (attribute.name == "output_padding") {
      EXPECT_EQ(attribute.ints, (std::vector<std::int64_t>{1, 0}));
    }
  }
  expect_same_results(graph, through_onnx(graph));
}

TEST(OnnxExport, AsksForTheOpsetThatItNeeds) {
  const Graph graph = graph_of(R"(
graph @g(%x: f32[4]) {
  %y = bitcast(%x) {to=i32} : i32[4]
  return %y as "y"
}
)");
  const std::string bytes = to_onnx(graph);
  EXPECT_EQ(read(bytes).opset_imports.at(0).version, 26);
  EXPECT_EQ(read(bytes).ir_version, 13);
}

}  // namespace
}  // namespace tenon::test
