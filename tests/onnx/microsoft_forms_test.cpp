// Forms of com.microsoft operators that ONNX Runtime does not run on the CPU, against other forms or by hand.
#include "backends/ref/ref.hpp"
#include "onnx/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace tenon::test {
namespace {

struct Operand {
  std::string name;
  Tensor value;
};

std::int32_t code(DataType dtype) {
  return dtype == DataType::f32 ? kFloat : dtype == DataType::i32 ? kInt32 : kUint8;
}

std::vector<DimText> dims_of(const Tensor& tensor) {
  std::vector<DimText> dims;
  for (const std::int64_t dim : tensor.shape()) dims.emplace_back(static_cast<int>(dim));
  return dims;
}

// The first output of one node of com.microsoft; operands with an empty name are left out.
Tensor answer(const std::string& op, const std::vector<Operand>& operands,
              std::vector<std::string> attributes) {
  ModelText model;
  model.domains = {{"com.microsoft", 1}};
  NodeText node{op, {}, {"y"}, std::move(attributes), "n", "com.microsoft"};
  std::vector<Data> inputs;
  for (const Operand& operand : operands) {
    node.inputs.push_back(operand.name);
    if (operand.name.empty()) continue;
    model.graph.inputs.push_back(
        value_info(operand.name, tensor_type(code(operand.value.dtype()), dims_of(operand.value))));
    inputs.emplace_back(operand.value);
  }
  model.graph.nodes = {node};
  model.graph.outputs = {value_info("y", tensor_type(kFloat))};
  return ref::evaluate(import_model(model), inputs).front().tensor();
}

Tensor counted(Shape shape, float step) {
  Tensor tensor(DataType::f32, std::move(shape));
  float x = -1;
  for (float& value : tensor.mutable_values<float>()) value = x = x > 1 ? -1.1F : x + step;
  return tensor;
}

// Parts of [B, S, H, parts, D] as [B, S, H · D].
std::vector<Tensor> parts_of(const Tensor& packed) {
  const Shape& s = packed.shape();
  std::vector<Tensor> parts;
  for (std::int64_t part = 0; part < s[3]; ++part) {
    Tensor to(DataType::f32, {s[0], s[1], s[2] * s[4]});
    const auto values = to.mutable_values<float>();
    for (std::int64_t i = 0; i < to.elements(); ++i) {
      const std::int64_t row = i / s[4];
      values[static_cast<std::size_t>(i)] =
          packed.values<float>()[static_cast<std::size_t>((row * s[3] + part) * s[4] + i % s[4])];
    }
    parts.push_back(to);
  }
  return parts;
}

void expect_near(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::size_t i = 0; i < a.values<float>().size(); ++i)
    EXPECT_NEAR(a.values<float>()[i], b.values<float>()[i], 1e-5) << i;
}

TEST(MicrosoftForms, PackedOperandsOfAttentionAreTheSeparateOnes) {
  const std::vector<std::string> heads = {attribute("num_heads", 2)};
  const Tensor qkv = counted({2, 3, 2, 3, 4}, 0.37F), kv = counted({2, 5, 2, 2, 4}, 0.23F);
  const std::vector<Tensor> own = parts_of(qkv), other = parts_of(kv);
  expect_near(answer("MultiHeadAttention", {{"q", qkv}}, heads),
              answer("MultiHeadAttention", {{"q", own[0]}, {"k", own[1]}, {"v", own[2]}}, heads));
  expect_near(answer("MultiHeadAttention", {{"q", own[0]}, {"kv", kv}}, heads),
              answer("MultiHeadAttention", {{"q", own[0]}, {"k", other[0]}, {"v", other[1]}}, heads));
}

TEST(MicrosoftForms, LengthsBeforeTheirSumsMaskLikeLengths) {
  const std::vector<std::string> heads = {attribute("num_heads", 2)};
  const Tensor q = counted({2, 3, 8}, 0.37F), k = counted({2, 5, 8}, 0.23F);
  const auto ints = [](std::vector<std::int32_t> list) {
    return Tensor::of<std::int32_t>({static_cast<std::int64_t>(list.size())},
                                    std::span<const std::int32_t>(list));
  };
  const auto masked = [&](const Tensor& mask) {
    return answer("MultiHeadAttention", {{"q", q}, {"k", k}, {"v", k}, {"", {}}, {"m", mask}}, heads);
  };
  expect_near(masked(ints({5, 2, 0, 3, 6, 0, 5, 7})), masked(ints({5, 2})));
}

Tensor bytes(Shape shape, std::vector<std::uint8_t> values) {
  return Tensor::of<std::uint8_t>(std::move(shape), std::span<const std::uint8_t>(values));
}

TEST(MicrosoftForms, ZeroPointsThatAreLeftOutAreZero) {
  const Tensor sum = answer("QLinearAdd",
                            {{"a", bytes({3}, {0, 10, 250})},
                             {"as", floats({}, {0.5F})},
                             {"", {}},
                             {"b", bytes({3}, {2, 4, 250})},
                             {"bs", floats({}, {0.25F})},
                             {"", {}},
                             {"cs", floats({}, {0.5F})}},
                            {});
  EXPECT_TRUE(sum.identical(bytes({3}, {1, 12, 255})));
}

TEST(MicrosoftForms, QuantizedMean) {
  const Tensor mean = answer("QLinearReduceMean",
                             {{"x", bytes({2, 2}, {10, 30, 50, 52})},
                              {"xs", floats({}, {0.5F})},
                              {"xz", bytes({}, {10})},
                              {"ys", floats({}, {0.25F})},
                              {"yz", bytes({}, {3})}},
                             {attribute("axes", Ints{1}), attribute("keepdims", 0)});
  EXPECT_TRUE(mean.identical(bytes({2}, {23, 85})));
}

TEST(MicrosoftForms, HalvesOfASplitGelu) {
  const Tensor x = counted({1, 2, 4}, 0.37F);
  const Tensor y = answer("BiasSplitGelu", {{"x", x}, {"b", floats({4}, {1, 0, 0, 0.5F})}}, {});
  ASSERT_EQ(y.shape(), (Shape{1, 2, 2}));
  const auto in = x.values<float>();
  const auto gelu = [](float v) { return 0.5F * v * (1 + std::erf(v / std::sqrt(2.0F))); };
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_NEAR(y.values<float>()[row * 2], (in[row * 4] + 1) * gelu(in[row * 4 + 2]), 1e-6);
    EXPECT_NEAR(y.values<float>()[row * 2 + 1], in[row * 4 + 1] * gelu(in[row * 4 + 3] + 0.5F), 1e-6);
  }
}

TEST(MicrosoftForms, GroupNormWithChannelsLast) {
  // Two groups of two channels, one row of two pixels: each group is normalized over four numbers.
  const Tensor x = floats({1, 1, 2, 4}, {1, 2, 10, 20, 3, 4, 30, 40});
  const Tensor y =
      answer("GroupNorm", {{"x", x}, {"g", floats({4}, {1, 2, 1, 1})}, {"b", floats({4}, {0, 1, 0, 0})}},
             {attribute("groups", 2), attribute("activation", 0), attribute("epsilon", 0.0F)});
  const float small = std::sqrt(1.25F), large = std::sqrt(125.0F);
  const std::vector<float> expected = {-1.5F / small, 1 + 2 * (-0.5F / small), -15 / large, -5 / large,
                                       0.5F / small,  1 + 2 * (1.5F / small),  5 / large,   15 / large};
  expect_near(y, floats({1, 1, 2, 4}, expected));
}

}  // namespace
}  // namespace tenon::test
