#include "inference_fixture.hpp"
#include "ir/patch.hpp"
#include "ops/byte_table.hpp"
#include "ops/quantized_add.hpp"
#include "ops/quantized_attention.hpp"
#include "ops/quantized_average_pool.hpp"
#include "ops/quantized_conv_transpose.hpp"
#include "ops/quantized_matmul.hpp"
#include "ops/quantized_norm.hpp"
#include "ops/weight_only.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon {
namespace {

using QuantizedInference = InferenceTest;

TEST(Requantize, RoundsHalfToEvenAndSaturates) {
  EXPECT_EQ(op::quantize_to<std::int8_t>(0.5F, 0), 0);
  EXPECT_EQ(op::quantize_to<std::int8_t>(1.5F, 0), 2);
  EXPECT_EQ(op::quantize_to<std::int8_t>(-2.5F, 1), -1);
  EXPECT_EQ(op::quantize_to<std::int8_t>(126.5F, 0), 126);
  EXPECT_EQ(op::quantize_to<std::int8_t>(127.5F, 0), 127);
  EXPECT_EQ(op::quantize_to<std::int8_t>(-1e30F, 5), -128);
  EXPECT_EQ(op::quantize_to<std::uint8_t>(1e30F, 5), 255);
  EXPECT_EQ(op::quantize_to<std::uint8_t>(-3.0F, 2), 0);
  EXPECT_EQ(op::quantize_to<std::uint8_t>(-std::numeric_limits<float>::infinity(), 128), 0);
  for (int i = -4000; i <= 4000; ++i) {
    const float v = static_cast<float>(i) * 0.125F;
    const float expected = std::fmin(std::fmax(std::nearbyint(v) + 3, -128.0F), 127.0F);
    EXPECT_EQ(op::quantize_to<std::int8_t>(v, 3), static_cast<int>(expected)) << v;
  }
}

TEST(Requantize, RoundsEachProductAndSum) {
  EXPECT_EQ(op::scale_sum(16777217, 1), 16777216.0F);  // the sum itself is rounded
  // 1 + 2^-12 squared is 1 + 2^-11 + 2^-24, whose last bit is lost before 1 is taken away.
  EXPECT_EQ(op::add_residual(-1.0F, 4097, 0, (1 + 0x1p-12F) / 4096), 0x1p-11F);
}

TEST(Requantize, Activates) {
  using Activation = op::QuantizedActivation;
  EXPECT_EQ(op::activate(-3, Activation::none, 0, 0), -3);
  EXPECT_EQ(op::activate(-3, Activation::relu, 0, 0), 0);
  EXPECT_EQ(op::activate(9, Activation::clip, -1, 6), 6);
  EXPECT_EQ(op::activate(-9, Activation::clip, -1, 6), -1);
  EXPECT_EQ(op::activate(-3, Activation::leaky, 0.5F, 0), -1.5F);
  EXPECT_EQ(op::activate(3, Activation::leaky, 0.5F, 0), 3);
  EXPECT_EQ(op::activate(3, Activation::hard_swish, 8, 0), 24);
  EXPECT_EQ(op::activate(-3, Activation::hard_swish, 8, 0), 0);
  EXPECT_EQ(op::activate(0, Activation::gelu, 8, 0), 0);
  EXPECT_EQ(op::activate(-1e30F, Activation::silu, 1, 0), -1e30F / 0x1p120F);
  EXPECT_EQ(op::activate(1e30F, Activation::gelu, 1, 0), 1e30F);
}

TEST(Requantize, GatesAreWithinTheErrorThatTheyState) {
  constexpr double kError = 1e-5;
  const auto logistic = [](double t) { return 1 / (1 + std::exp(-t)); };
  for (int i = -3200; i <= 3200; ++i) {
    const float x = static_cast<float>(i) / 256;
    const auto exact = static_cast<double>(x);
    const auto expect = [&](op::Gate gate, double result) {
      EXPECT_NEAR(static_cast<double>(op::apply_gate(x, gate)), result,
                  kError * std::max(1.0, std::fabs(result)))
          << static_cast<int>(gate) << " of " << x;
    };
    expect(op::Gate::none, exact);
    expect(op::Gate::silu, exact * logistic(exact));
    expect(op::Gate::gelu, exact * 0.5 * std::erfc(-exact * std::sqrt(0.5)));
    expect(op::Gate::gelu_tanh,
           exact * logistic(2 * std::sqrt(2 / std::acos(-1.0)) * (exact + 0.044715 * exact * exact * exact)));
    expect(op::Gate::hard_swish, exact * std::clamp(exact / 6 + 0.5, 0.0, 1.0));
  }
}

TEST_F(QuantizedInference, NormGivesWhatIsAskedFor) {
  const ValueId x = input("f32[N,4,8]"), scale = input("f32[8]");
  op::QuantizedNorm norm;
  norm.output_dtype = DataType::u8;
  norm.y_zero = 200;
  EXPECT_EQ(type(add(norm, {x, scale, scale})), "u8[N,4,8]");
  norm.dynamic = norm.floats = true;
  norm.center = false;
  const std::vector<ValueId> all = graph_.add_node(norm, {x, scale});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(type(all[0]) + type(all[1]) + type(all[2]) + type(all[3]), "u8[N,4,8]f32[]u8[]f32[N,4,8]");
  EXPECT_NE(error(norm, {x, scale, scale}), "") << "a bias without a mean";
  norm.dynamic = false;
  norm.output_dtype = DataType::i8;
  EXPECT_NE(error(norm, {x}).find("200 is no i8"), std::string::npos);
  norm.y_zero = 0;
  norm.y_scale = 0;
  EXPECT_NE(error(norm, {x}).find("y_scale"), std::string::npos);
  norm.y_scale = 1;
  norm.output_dtype = DataType::f32;
  EXPECT_NE(error(norm, {x}).find("expected i8 or u8"), std::string::npos);
  norm.output_dtype = DataType::i8;
  norm.axis = 3;
  EXPECT_NE(error(norm, {x}), "") << "an axis that is not there";
}

TEST_F(QuantizedInference, ConvChecksItsOperands) {
  const ValueId x = input("u8[N,4,H,W]"), w = input("i8[6,4,3,3]"), m = input("f32[6]");
  op::QuantizedConv conv;
  conv.pad = {1, 1, 1, 1};
  EXPECT_EQ(type(add(conv, {x, w, m, input("i32[6]"), input("u8[N,6,H,W]")})), spelled("i8[N,6,H,W]"));
  EXPECT_EQ(error(conv, {x, w, input("f32[]")}), "");
  EXPECT_NE(error(conv, {x, w, input("f32[4]")}), "");
  EXPECT_NE(error(conv, {x, input("u8[6,4,3,3]"), m}), "");
  EXPECT_NE(error(conv, {x, w, m, input("f32[6]")}), "");
  EXPECT_NE(error(conv, {x, w, m, input("i32[]")}), "");
  EXPECT_NE(error(conv, {x, w, m, input("i32[6]"), input("i8[N,5,H,W]")}), "");
  conv.x_zero = -1;
  EXPECT_NE(error(conv, {x, w, m}), "");
  conv.x_zero = 255;
  EXPECT_EQ(error(conv, {x, w, m}), "");
  conv.output_dtype = DataType::f32;
  EXPECT_EQ(type(add(conv, {x, w, m})), spelled("f32[N,6,H,W]"));
  conv.y_zero = 1;
  EXPECT_NE(error(conv, {x, w, m}), "");
  conv.output_dtype = DataType::i32;
  EXPECT_NE(error(conv, {x, w, m}), "");
  conv = {};
  conv.activation = op::QuantizedActivation::clip;
  conv.alpha = 1;
  EXPECT_NE(error(conv, {x, w, m}), "");
  conv.activation = op::QuantizedActivation::silu;
  EXPECT_EQ(error(conv, {x, w, m}), "");
  conv.alpha = 0;
  EXPECT_NE(error(conv, {x, w, m}), "");
}

TEST_F(QuantizedInference, AttentionHasTheDimsOfTheFloatOperator) {
  const ValueId q = input("u8[N,S,12]"), k = input("i8[N,T,6]"), v = input("i8[N,T,8]");
  op::QuantizedAttention attention;
  attention.heads = 4;
  attention.kv_heads = 2;
  EXPECT_EQ(type(add(attention, {q, k, v})), spelled("i8[N,S,16]"));
  EXPECT_EQ(error(attention, {q, k, v, input("f32[S,T]")}), "");
  EXPECT_NE(error(attention, {q, k, v, input("f32[3,1,1]")}), "");
  EXPECT_NE(error(attention, {q, k, v, input("i8[S,T]")}), "");
  EXPECT_NE(error(attention, {q, k, input("i8[N,T,9]")}), "");
  EXPECT_NE(error(attention, {q, k}), "");
  attention.q_zero = -1;
  EXPECT_NE(error(attention, {q, k, v}), "");
  attention.q_zero = 0;
  attention.score_multiplier = std::numeric_limits<float>::infinity();
  EXPECT_NE(error(attention, {q, k, v}), "");
}

TEST(Requantize, SharesOfScores) {
  EXPECT_EQ(op::share_of_score(0), 255);
  EXPECT_EQ(op::share_of_score(-std::log(2.0F)), 128);
  EXPECT_EQ(op::share_of_score(-7), 0);
  EXPECT_EQ(op::share_of_score(-std::numeric_limits<float>::infinity()), 0);
  for (int i = 0; i < 700; ++i) {
    const float below = static_cast<float>(i) * -0.01F;
    EXPECT_NEAR(op::share_of_score(below), 255 * std::exp(static_cast<double>(below)), 0.501) << below;
  }
}

TEST_F(QuantizedInference, ConvTransposeHasTheSizesOfTheFloatOperator) {
  const ValueId x = input("u8[N,4,H,W]"), w = input("i8[4,3,2,2]"), m = input("f32[6]");
  op::QuantizedConvTranspose conv;
  conv.stride = {2, 3};
  conv.group = 2;
  conv.output_padding = {0, 1};
  EXPECT_EQ(type(add(conv, {x, w, m, input("i32[6]")})), spelled("i8[N,6,2*H,3*W]"));
  EXPECT_NE(error(conv, {x, w, input("f32[3]")}), "");
  EXPECT_NE(error(conv, {x, input("i8[5,3,2,2]"), m}), "");
  EXPECT_NE(error(conv, {x, w, m, input("i32[6]"), input("i8[N,5,2*H,3*W]")}), "");
  conv.y_zero = 128;
  EXPECT_NE(error(conv, {x, w, m}), "");
}

TEST_F(QuantizedInference, MatMulChecksItsOperands) {
  const ValueId a = input("i8[N,S,8]"), b = input("i8[8,5]"), m = input("f32[5]");
  op::QuantizedMatMul matmul;
  EXPECT_EQ(type(add(matmul, {a, b, m, input("i32[5]"), input("i8[N,S,5]")})), spelled("i8[N,S,5]"));
  EXPECT_EQ(type(add(matmul, {a, input("u8[N,8,S]"), input("f32[]")})), spelled("i8[N,S,S]"));
  EXPECT_EQ(type(add(matmul, {a, input("i8[8]"), input("f32[]")})), spelled("i8[N,S]"));
  EXPECT_NE(error(matmul, {a, input("i8[8]"), input("f32[1]")}), "");
  EXPECT_NE(error(matmul, {a, b, input("f32[8]")}), "");
  EXPECT_NE(error(matmul, {a, input("f32[8,5]"), m}), "");
  matmul.b_zero = 200;
  EXPECT_NE(error(matmul, {a, b, m}), "");
}

TEST_F(QuantizedInference, ElementwiseAndPools) {
  const ValueId a = input("i8[N,3,6,5]"), b = input("u8[3,1,1]");
  EXPECT_EQ(type(add(op::QuantizedAdd{}, {a, b})), spelled("i8[N,3,6,5]"));
  EXPECT_NE(error(op::QuantizedAdd{}, {a, input("f32[]")}), "");
  EXPECT_EQ(type(add(op::QuantizedAveragePool{}, {a})), spelled("i8[N,3,1,1]"));
  op::QuantizedAveragePool pool;
  pool.stride = {2, 2};
  EXPECT_NE(error(pool, {a}), "");
  pool.kernel = {2, 1};
  EXPECT_EQ(type(add(pool, {a})), spelled("i8[N,3,3,3]"));
  pool.y_zero = 128;
  EXPECT_NE(error(pool, {a}), "");
  EXPECT_EQ(type(add(op::ByteTable{}, {a, input("u8[256]")})), spelled("u8[N,3,6,5]"));
  EXPECT_NE(error(op::ByteTable{}, {a, input("u8[255]")}), "");
  EXPECT_NE(error(op::ByteTable{}, {a, input("i32[256]")}), "");
}

// An epilogue that no kernel has must not cost a product its stored matrix.
TEST_F(QuantizedInference, WeightOnlyPartsWithItsEpilogueFirst) {
  op::WeightOnlyMatMul product;
  product.axis = 1;
  product.epilogue = PointwiseProgram::parse("(2) %2 = silu %0; %3 = mul %2 %1");
  const std::vector<ValueId> inputs = {input("f32[3,4]"), input("i8[4,5]"), ValueId(),
                                       input("f32[5]"),   ValueId(),        input("f32[3,5]")};
  const ValueId whole = add(product, inputs);
  graph_.add_output("y", whole);
  const NodeId id = graph_.value(whole).producer;
  Patch patch(graph_, id);
  patch.replace(whole, graph_.node(id).op.decompose(patch, inputs).front());
  graph_.apply(std::move(patch));
  graph_.remove_dead_nodes();
  std::string names;
  for (const NodeId node : graph_.nodes(graph_.body()))
    names += std::string(graph_.node(node).op.name()) + " ";
  EXPECT_EQ(names, "weight_only_matmul pointwise ");
}

}  // namespace
}  // namespace tenon
