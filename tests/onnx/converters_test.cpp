// Forms of operators that the official backend data, which is of the newest opsets, does not show.
#include "importers/onnx/converters.hpp"

#include "onnx/support.hpp"
#include "ops/average_pool.hpp"
#include "ops/binary.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"
#include "ops/max_pool.hpp"
#include "ops/pad.hpp"
#include "ops/reduce.hpp"
#include "ops/resize.hpp"
#include "ops/slice.hpp"
#include "ops/softmax.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/top_k.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon::test {
namespace {

std::string weights(std::int64_t m, std::int64_t c, std::int64_t k) {
  return float_tensor("w", {m, c, k, k}, Floats(static_cast<std::size_t>(m * c * k * k), 1));
}

Graph conv(std::vector<DimText> x, std::vector<std::string> attributes) {
  return import_model(single_node({.op_type = "Conv",
                                   .shapes = {std::move(x)},
                                   .attributes = std::move(attributes),
                                   .initializers = {weights(1, 1, 3)},
                                   .operands = {"x0", "w"}}));
}

TEST(OnnxConverters, ConvResolvesAutoPad) {
  EXPECT_EQ(
      fields<op::Conv>(
          conv({1, 1, 6, 6}, {attribute("auto_pad", "SAME_UPPER"), attribute("strides", Ints{2, 2})}), "conv")
          .pad,
      (Ints{0, 0, 1, 1}));
  EXPECT_EQ(
      fields<op::Conv>(
          conv({1, 1, 6, 6}, {attribute("auto_pad", "SAME_LOWER"), attribute("strides", Ints{2, 2})}), "conv")
          .pad,
      (Ints{1, 1, 0, 0}));
  const Graph valid = conv({1, 1, "H", 6}, {attribute("auto_pad", "VALID")});
  EXPECT_EQ(fields<op::Conv>(valid, "conv").auto_pad, op::AutoPad::explicit_pads);
  EXPECT_EQ(type_text(valid), "f32[1,1,H - 2,4]");
  const Graph symbolic =
      conv({1, 1, "H", 6}, {attribute("auto_pad", "SAME_UPPER"), attribute("strides", Ints{2, 2})});
  EXPECT_EQ(fields<op::Conv>(symbolic, "conv").auto_pad, op::AutoPad::same_upper);
  EXPECT_EQ(type_text(symbolic), "f32[1,1,floordiv(H + 1, 2),3]");
}

// The fuzzer's find: Gemm on u16 with a NaN for beta.
TEST(OnnxConverters, NumbersThatAnIntegerCannotHoldAreRefused) {
  EXPECT_THROW(scalar_tensor(DataType::u16, std::nan("")), ModelError);
  EXPECT_THROW(scalar_tensor(DataType::u8, -1), ModelError);
  EXPECT_THROW(scalar_tensor(DataType::i8, 128), ModelError);
  EXPECT_THROW(scalar_tensor(DataType::i64, 0x1p63), ModelError);
  EXPECT_EQ(scalar_tensor(DataType::i64, -0x1p63).values<std::int64_t>()[0],
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(scalar_tensor(DataType::u8, 255).values<std::uint8_t>()[0], 255);
}

TEST(OnnxConverters, ConvChecksKernelShape) {
  EXPECT_EQ(import_error(single_node({.op_type = "Conv",
                                      .shapes = {{1, 1, 6, 6}},
                                      .attributes = {attribute("kernel_shape", Ints{5, 5})},
                                      .initializers = {weights(1, 1, 3)},
                                      .operands = {"x0", "w"}})),
            "the model cannot be imported:\n  'n' (Conv, opset 13): attribute 'kernel_shape' does not fit "
            "the weights");
}

TEST(OnnxConverters, ConvTransposeTakesOutputShapeWithAndWithoutBatch) {
  for (const Ints& shape : {Ints{7, 8}, Ints{1, 1, 7, 8}}) {
    const Graph graph = import_model(
        single_node({.op_type = "ConvTranspose",
                     .shapes = {{1, 1, 3, 3}},
                     .attributes = {attribute("output_shape", shape), attribute("strides", Ints{2, 2})},
                     .initializers = {weights(1, 1, 3)},
                     .operands = {"x0", "w"}}));
    EXPECT_EQ(type_text(graph), "f32[1,1,7,8]");
  }
}

TEST(OnnxConverters, PoolWindowsRefuseNonsense) {
  for (const Ints& strides : {Ints{0, 1}, Ints{-1, 1}, Ints{1LL << 62, 1}}) {
    EXPECT_NE(import_error(single_node(
                  {.op_type = "MaxPool",
                   .shapes = {{1, 1, 6, 6}},
                   .attributes = {attribute("kernel_shape", Ints{2, 2}), attribute("strides", strides)}})),
              "");
  }
}

TEST(OnnxConverters, ClipTakesBoundsFromAttributesConstantsAndOperands) {
  const Graph old =
      import_model(single_node({.op_type = "Clip",
                                .opset = 6,
                                .shapes = {{2}},
                                .attributes = {attribute("min", -1.0F), attribute("max", 6.0F)}}));
  EXPECT_EQ(fields<op::Unary>(old, "clip").alpha, -1.0F);
  EXPECT_EQ(fields<op::Unary>(old, "clip").beta, 6.0F);
  const Graph constant = import_model(single_node({.op_type = "Clip",
                                                   .shapes = {{2}},
                                                   .initializers = {float_tensor("high", {}, {6})},
                                                   .operands = {"x0", "", "high"}}));
  EXPECT_EQ(evaluate_floats(constant, {floats({2}, {-1e38F, 7})}), (Floats{-1e38F, 6}));
  EXPECT_EQ(operators(import_model(single_node({.op_type = "Clip", .shapes = {{2}, {}, {}}}))), "max min");
  EXPECT_EQ(operators(import_model(single_node({.op_type = "Clip", .shapes = {{2}}}))), "identity");
}

TEST(OnnxConverters, SliceOfEveryForm) {
  const Graph old =
      import_model(single_node({.op_type = "Slice",
                                .opset = 9,
                                .shapes = {{4, 5}},
                                .attributes = {attribute("starts", Ints{1}), attribute("ends", Ints{-1}),
                                               attribute("axes", Ints{-1})}}));
  EXPECT_EQ(type_text(old), "f32[4,3]");
  const Graph constant =
      import_model(single_node({.op_type = "Slice",
                                .shapes = {{4, 5}},
                                .initializers = {int64_tensor("s", {1}, {-1}), int64_tensor("e", {1}, {-100}),
                                                 int64_tensor("a", {1}, {1}), int64_tensor("t", {1}, {-2})},
                                .operands = {"x0", "s", "e", "a", "t"}}));
  EXPECT_EQ(type_text(constant), "f32[4,3]");
  EXPECT_EQ(only_node(constant, "slice").inputs.size(), 1U);
}

TEST(OnnxConverters, SliceTakesComputedBounds) {
  ModelText model = single_node({.op_type = "Slice",
                                 .shapes = {{4, 5}},
                                 .initializers = {int64_tensor("e", {1}, {3})},
                                 .operands = {"x0", "s", "e"}});
  model.graph.inputs.push_back(value_info("s", tensor_type(kInt32, {1})));
  const Graph graph = import_model(model);
  EXPECT_EQ(operators(graph), "cast slice");
  EXPECT_EQ(fields<op::Slice>(graph, "slice").ends, (Ints{3}));
  EXPECT_FALSE(fields<op::Slice>(graph, "slice").starts);
}

TEST(OnnxConverters, PadOfEveryForm) {
  const Graph old =
      import_model(single_node({.op_type = "Pad",
                                .opset = 2,
                                .shapes = {{2}},
                                .attributes = {attribute("pads", Ints{1, 0}), attribute("value", 5.0F)}}));
  EXPECT_EQ(evaluate_floats(old, {floats({2}, {1, 2})}), (Floats{5, 1, 2}));
  const Graph negative = import_model(
      single_node({.op_type = "Pad",
                   .shapes = {{3}},
                   .initializers = {int64_tensor("p", {2}, {-1, 2}), float_tensor("v", {1}, {9})},
                   .operands = {"x0", "p", "v"}}));
  EXPECT_EQ(evaluate_floats(negative, {floats({3}, {1, 2, 3})}), (Floats{2, 3, 9, 9}));
}

TEST(OnnxConverters, AxesFromAttributesAndOperands) {
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "Squeeze",
                                                .opset = 11,
                                                .shapes = {{1, 4, 1}},
                                                .attributes = {attribute("axes", Ints{-1})}}))),
            "f32[1,4]");
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "Squeeze",
                                                .shapes = {{1, 4, 1}},
                                                .initializers = {int64_tensor("a", {1}, {0})},
                                                .operands = {"x0", "a"}}))),
            "f32[4,1]");
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "Squeeze", .shapes = {{1, 4, 1}}}))), "f32[4]");
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "Unsqueeze",
                                                .opset = 11,
                                                .shapes = {{4}},
                                                .attributes = {attribute("axes", Ints{0, -1})}}))),
            "f32[1,4,1]");
  EXPECT_EQ(type_text(import_model(
                single_node({.op_type = "ReduceSum",
                             .opset = 11,
                             .shapes = {{2, 3}},
                             .attributes = {attribute("axes", Ints{-1}), attribute("keepdims", 0)}}))),
            "f32[2]");
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "ReduceSum",
                                                .shapes = {{2, 3}},
                                                .attributes = {attribute("noop_with_empty_axes", 1)}}))),
            "f32[2,3]");
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "ReduceMax",
                                                .opset = 18,
                                                .shapes = {{2, 3}},
                                                .initializers = {int64_tensor("a", {1}, {0})},
                                                .operands = {"x0", "a"}}))),
            "f32[1,3]");
}

TEST(OnnxConverters, OldSoftmaxTakesTrailingAxesTogether) {
  const Graph joined = import_model(single_node({.op_type = "Softmax", .opset = 11, .shapes = {{1, 2, 2}}}));
  EXPECT_EQ(operators(joined), "flatten softmax shape reshape");
  const std::vector<float> result = evaluate_floats(joined, {floats({1, 2, 2}, {0, 0, 0, 0})});
  EXPECT_EQ(result, (Floats{0.25F, 0.25F, 0.25F, 0.25F}));
  const Graph direct =
      import_model(single_node({.op_type = "Softmax", .opset = 11, .shapes = {{"N", 10, 1, 1}}}));
  EXPECT_EQ(operators(direct), "softmax");
  EXPECT_EQ(fields<op::Softmax>(direct, "softmax").axis, 1);
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "LogSoftmax",
                                                .opset = 11,
                                                .shapes = {{2, "T", 4}},
                                                .attributes = {attribute("axis", -2)}}))),
            "f32[2,T,4]");
}

TEST(OnnxConverters, OldBroadcastingAlignsAtAnAxis) {
  const Graph graph =
      import_model(single_node({.op_type = "Add",
                                .opset = 6,
                                .shapes = {{1, 2, 2}, {2}},
                                .attributes = {attribute("broadcast", 1), attribute("axis", 1)}}));
  EXPECT_EQ(evaluate_floats(graph, {floats({1, 2, 2}, {1, 1, 1, 1}), floats({2}, {10, 20})}),
            (Floats{11, 11, 21, 21}));
}

TEST(OnnxConverters, GemmUsesABiasWhereItCan) {
  const auto gemm = [](std::vector<DimText> c, std::vector<std::string> attributes) {
    return import_model(single_node({.op_type = "Gemm",
                                     .shapes = {{"N", 3}, {3, 4}, std::move(c)},
                                     .attributes = std::move(attributes)}));
  };
  EXPECT_EQ(operators(gemm({4}, {})), "matmul");
  EXPECT_EQ(operators(gemm({"N", 1}, {})), "matmul add");
  EXPECT_EQ(operators(gemm({4}, {attribute("beta", 0.5F)})), "matmul mul add");
  EXPECT_EQ(operators(gemm({4}, {attribute("beta", 0.0F)})), "matmul");
  EXPECT_EQ(fields<op::MatMul>(gemm({4}, {attribute("alpha", 2.0F)}), "matmul").alpha, 2.0F);
}

TEST(OnnxConverters, UpsampleAndOldResizeAreAsymmetric) {
  const Graph seven = import_model(single_node({.op_type = "Upsample",
                                                .opset = 7,
                                                .shapes = {{1, 1, 2, 2}},
                                                .attributes = {attribute("scales", Floats{1, 1, 2, 2})}}));
  EXPECT_EQ(type_text(seven), "f32[1,1,4,4]");
  EXPECT_EQ(fields<op::Resize>(seven, "resize").transform, op::CoordinateTransform::asymmetric);
  const Graph nine = import_model(single_node({.op_type = "Upsample",
                                               .opset = 9,
                                               .shapes = {{1, 1, "H", 2}},
                                               .attributes = {attribute("mode", "linear")},
                                               .initializers = {float_tensor("s", {4}, {1, 1, 2, 2})},
                                               .operands = {"x0", "s"}}));
  EXPECT_EQ(type_text(nine), "f32[1,1,2*H,4]");
  EXPECT_NE(import_error(single_node({.op_type = "Upsample", .opset = 10, .shapes = {{1}}})), "");
}

// Seed 24173 of the differential test.
TEST(OnnxConverters, OldSoftmaxTakesWhatHasNoKnownRank) {
  ModelText model;
  model.opset = 11;
  model.graph = {.inputs = {value_info("x", tensor_type(kFloat))},
                 .nodes = {{.op_type = "Softmax", .inputs = {"x"}, .outputs = {"y"}}},
                 .outputs = {value_info("y", tensor_type(kFloat))}};
  const auto y = evaluate_floats(import_model(model), {floats({1, 2, 2}, {1, 1, 1, 1})});
  EXPECT_EQ(y, (Floats{0.25F, 0.25F, 0.25F, 0.25F}));
}

// Seed 277 of the differential test.
TEST(OnnxConverters, ResizeOfOpset10TakesTheElementAboveWhereAnAxisShrinks) {
  const auto resize = [](const Floats& scales) {
    return import_model(single_node({.op_type = "Resize",
                                     .opset = 10,
                                     .shapes = {{1, 1, 2, 4}},
                                     .initializers = {float_tensor("s", {4}, scales)},
                                     .operands = {"x0", "s"}}));
  };
  const Tensor x = floats({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(evaluate_floats(resize({1, 1, 0.6F, 0.6F}), {x}), (Floats{1, 3}));
  EXPECT_EQ(evaluate_floats(resize({1, 1, 1.5F, 0.6F}), {x}), (Floats{1, 3, 1, 3, 5, 7}));
}

TEST(OnnxConverters, ResizeTreatsEmptyTensorsAsAbsent) {
  const Graph graph = import_model(
      single_node({.op_type = "Resize",
                   .shapes = {{1, 1, 2, 2}},
                   .initializers = {float_tensor("none", {0}, {}), int64_tensor("sizes", {4}, {1, 1, 6, 6})},
                   .operands = {"x0", "none", "none", "sizes"}}));
  EXPECT_EQ(type_text(graph), "f32[1,1,6,6]");
  EXPECT_NE(import_error(single_node({.op_type = "Resize", .shapes = {{1, 1, 2, 2}}, .operands = {"x0"}})),
            "");
}

TEST(OnnxConverters, SplitOfEveryForm) {
  const Graph parts = import_model(single_node({.op_type = "Split",
                                                .opset = 2,
                                                .shapes = {{6}},
                                                .attributes = {attribute("split", Ints{1, 5})},
                                                .outputs = {"a", "b"}}));
  EXPECT_EQ(type_text(parts, 1), "f32[5]");
  const Graph equal =
      import_model(single_node({.op_type = "Split", .shapes = {{6}}, .outputs = {"a", "b", "c"}}));
  EXPECT_EQ(type_text(equal, 2), "f32[2]");
  const Graph uneven = import_model(single_node({.op_type = "Split",
                                                 .opset = 18,
                                                 .shapes = {{7}},
                                                 .attributes = {attribute("num_outputs", 2)},
                                                 .outputs = {"a", "b"}}));
  EXPECT_EQ(type_text(uneven, 1), "f32[3]");
}

TEST(OnnxConverters, TopKOfEveryForm) {
  const Graph old = import_model(single_node({.op_type = "TopK",
                                              .opset = 9,
                                              .shapes = {{2, 5}},
                                              .attributes = {attribute("k", 3)},
                                              .outputs = {"v", "i"}}));
  EXPECT_EQ(type_text(old, 1), "i64[2,3]");
  const Graph constant = import_model(single_node({.op_type = "TopK",
                                                   .shapes = {{2, 5}},
                                                   .initializers = {int64_tensor("k", {1}, {3})},
                                                   .operands = {"x0", "k"},
                                                   .outputs = {"v", "i"}}));
  EXPECT_EQ(fields<op::TopK>(constant, "top_k").k, 3);
}

TEST(OnnxConverters, ConstantOfEveryForm) {
  const auto type_of = [](std::vector<std::string> attributes) {
    return type_text(import_model(single_node({.op_type = "Constant", .attributes = std::move(attributes)})));
  };
  EXPECT_EQ(type_of({attribute("value_int", 1)}), "i64[]");
  EXPECT_EQ(type_of({attribute("value_ints", Ints{1, 2})}), "i64[2]");
  EXPECT_EQ(type_of({attribute("value_float", 1.0F)}), "f32[]");
  EXPECT_EQ(type_of({attribute("value_floats", Floats{1, 2})}), "f32[2]");
  EXPECT_EQ(type_of({attribute("value_string", "a")}), "str[]");
  EXPECT_EQ(type_of({attribute("value_strings", Names{"a", "b"})}), "str[2]");
  EXPECT_EQ(type_of({tensor_attribute("value", float_tensor("", {1, 2}, {1, 2}))}), "f32[1,2]");
  EXPECT_EQ(type_of({sparse_attribute("sparse_value", sparse_tensor(float_tensor("", {1}, {1}),
                                                                    int64_tensor("", {1}, {3}), {2, 2}))}),
            "f32[2,2]");
  EXPECT_NE(import_error(single_node({.op_type = "Constant"})), "");
  EXPECT_NE(
      import_error(single_node({.op_type = "Constant",
                                .attributes = {attribute("value_int", 1), attribute("value_float", 1.0F)}})),
      "");
}

TEST(OnnxConverters, DropoutIsAnIdentity) {
  const Graph graph = import_model(
      single_node({.op_type = "Dropout", .opset = 10, .shapes = {{2}}, .outputs = {"y", "mask"}}));
  EXPECT_EQ(type_text(graph, 1), "bool[2]");
  EXPECT_EQ(evaluate_floats(graph, {floats({2}, {1, 2})}), (Floats{1, 2}));
}

TEST(OnnxConverters, ReshapeTakesAnAttributeInTheFirstOpsets) {
  EXPECT_EQ(type_text(import_model(single_node({.op_type = "Reshape",
                                                .opset = 1,
                                                .shapes = {{2, "N", 3}},
                                                .attributes = {attribute("shape", Ints{0, -1})}}))),
            "f32[2,3*N]");
}

}  // namespace
}  // namespace tenon::test
