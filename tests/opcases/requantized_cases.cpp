#include "opcases/case.hpp"
#include "ops/byte_table.hpp"
#include "ops/concat.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/max_pool.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/quantized_add.hpp"
#include "ops/quantized_attention.hpp"
#include "ops/quantized_average_pool.hpp"
#include "ops/quantized_conv_transpose.hpp"
#include "ops/quantized_matmul.hpp"
#include "ops/resize.hpp"

namespace tenon::test {

// Operators with the formula of ops/requantize.hpp.
void add_requantized_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W");
  const auto fixed = [](DataType dtype, Dims dims, double low, double high) {
    CaseOperand operand = typed(dtype, std::move(dims), low, high);
    operand.constant = true;
    return operand;
  };
  const auto filter = [&](Dims dims) { return fixed(DataType::i8, std::move(dims), -127, 127); };
  const auto bytes = [](DataType dtype, Dims dims) {
    return dtype == DataType::u8 ? typed(dtype, std::move(dims), 0, 255)
                                 : typed(dtype, std::move(dims), -128, 127);
  };
  {
    op::QuantizedConv conv;
    conv.pad = {1, 1, 1, 1};
    conv.x_zero = 17;
    conv.activation = op::QuantizedActivation::relu;
    conv.output_dtype = DataType::u8;
    cases.push_back({"quantized_conv_3x3",
                     conv,
                     {bytes(DataType::u8, {n, 24, h, w}), filter({40, 24, 3, 3}), weight({40}, 1e-4, 1e-3),
                      fixed(DataType::i32, {40}, -20000, 20000)}});
    conv.x_zero = -3;
    conv.stride = {2, 1};
    conv.activation = op::QuantizedActivation::leaky;
    conv.alpha = 0.1F;
    conv.output_dtype = DataType::i8;
    conv.y_zero = 5;
    cases.push_back({"quantized_conv_first",
                     conv,
                     {bytes(DataType::i8, {n, 3, h, w}), filter({17, 3, 3, 3}), weight({}, 1e-3, 2e-3)}});
    conv.group = 21;
    cases.push_back({"quantized_conv_depthwise",
                     conv,
                     {bytes(DataType::i8, {n, 21, h, w}), filter({21, 1, 3, 3}), weight({21}, 1e-3, 5e-3)}});
    conv.group = 2;
    cases.push_back({"quantized_conv_groups",
                     conv,
                     {bytes(DataType::i8, {n, 24, h, w}), filter({20, 12, 3, 3}), weight({20}, 1e-4, 1e-3)}});
  }
  {
    op::QuantizedConv conv;
    conv.residual_zero = 9;
    conv.residual_multiplier = 0.7F;
    conv.activation = op::QuantizedActivation::clip;
    conv.alpha = -50;
    conv.beta = 60;
    cases.push_back({"quantized_conv_residual",
                     conv,
                     {bytes(DataType::u8, {n, 35, h, w}), filter({30, 35, 1, 1}), weight({30}, 1e-4, 1e-3),
                      absent(), bytes(DataType::u8, {n, 30, h, w})}});
    conv.x_zero = 3;
    conv.pad = {1, 2, 1, 1};
    cases.push_back({"quantized_conv_3x3_residual",
                     conv,
                     {bytes(DataType::i8, {n, 37, h, w}), filter({35, 37, 3, 3}), weight({35}, 1e-5, 1e-4),
                      fixed(DataType::i32, {35}, -20000, 20000), bytes(DataType::i8, {n, 35, h, w + 1})}});
    conv.x_zero = 0;
    conv.pad = {};
    conv.output_dtype = DataType::f32;
    cases.push_back({"quantized_conv_to_floats",
                     conv,
                     {bytes(DataType::i8, {n, 35, w}), filter({30, 35, 1}), weight({30}, 1e-4, 1e-3),
                      absent(), bytes(DataType::i8, {n, 30, w})}});
  }
  {
    // Weights that a plan holds packed: large, and hardly padded.
    op::QuantizedConv conv;
    conv.x_zero = 5;
    conv.output_dtype = DataType::u8;
    cases.push_back({"quantized_conv_large",
                     conv,
                     {bytes(DataType::i8, {1, 272, w}), filter({250, 272, 1}), weight({250}, 1e-5, 1e-4),
                      fixed(DataType::i32, {250}, -20000, 20000)}});
    op::QuantizedMatMul product;
    product.a_zero = 7;
    cases.push_back(
        {"quantized_matmul_large",
         product,
         {bytes(DataType::u8, {w, 272}), filter({272, 250}), weight({250}, 1e-5, 1e-4), absent()}});
  }
  {
    op::QuantizedConvTranspose conv;
    conv.stride = {2, 2};
    conv.x_zero = 9;
    conv.activation = op::QuantizedActivation::relu;
    conv.output_dtype = DataType::u8;
    cases.push_back({"quantized_conv_transpose_2x2",
                     conv,
                     {bytes(DataType::u8, {n, 24, h, w}), filter({24, 40, 2, 2}), weight({40}, 1e-4, 1e-3),
                      fixed(DataType::i32, {40}, -20000, 20000)}});
    conv.stride = {3, 2};
    conv.pad = {1, 0, 1, 1};
    conv.output_padding = {1, 0};
    conv.group = 2;
    conv.x_zero = -4;
    conv.residual_multiplier = 0.6F;
    conv.output_dtype = DataType::i8;
    cases.push_back({"quantized_conv_transpose_residual",
                     conv,
                     {bytes(DataType::i8, {n, 6, h, w}), filter({6, 10, 4, 3}), weight({20}, 1e-4, 1e-3),
                      absent(), bytes(DataType::i8, {n, 20, h * Dim(3), w * Dim(2)})}});
    conv = {};
    conv.stride = {2};
    conv.dilation = {2};
    conv.output_dtype = DataType::f32;
    cases.push_back({"quantized_conv_transpose_to_floats",
                     conv,
                     {bytes(DataType::i8, {n, 35, w}), filter({35, 30, 3}), weight({}, 1e-3, 2e-3)}});
  }
  {
    const Dim s = symbol("S");
    op::QuantizedMatMul product;
    product.a_zero = 100;
    product.activation = op::QuantizedActivation::relu;
    cases.push_back({"quantized_matmul",
                     product,
                     {bytes(DataType::u8, {n, s, 70}), filter({70, 37}), weight({37}, 1e-4, 1e-3),
                      fixed(DataType::i32, {37}, -20000, 20000)}});
    product.activation = op::QuantizedActivation::gelu;
    product.alpha = 30;
    cases.push_back({"quantized_matmul_gelu",
                     product,
                     {bytes(DataType::u8, {n, s, 70}), filter({70, 37}), weight({37}, 1e-5, 1e-4)}});
    product.activation = op::QuantizedActivation::relu;
    product.transpose_b = true;
    product.a_zero = -5;
    product.residual_zero = 3;
    product.residual_multiplier = 0.6F;
    product.output_dtype = DataType::f32;
    cases.push_back({"quantized_matmul_residual",
                     product,
                     {bytes(DataType::i8, {s, 33}), filter({20, 33}), weight({}, 1e-3, 2e-3), absent(),
                      bytes(DataType::i8, {s, 20})}});
  }
  {
    const Dim s = symbol("S");
    op::QuantizedAttention attention;
    attention.score_multiplier = 2e-4F;
    attention.y_multiplier = 0.8F;
    attention.y_zero = -4;
    cases.push_back({"quantized_attention_apart",
                     attention,
                     {bytes(DataType::i8, {n, 3, s, 24}), bytes(DataType::i8, {n, 3, 19, 24}),
                      bytes(DataType::i8, {n, 3, 19, 20}), input({n, 1, 1, 19})}});
    attention.heads = 4;
    attention.kv_heads = 2;
    attention.q_zero = 120;
    attention.v_zero = 99;
    attention.y_zero = 0;
    attention.output_dtype = DataType::f32;
    cases.push_back({"quantized_attention_side_by_side",
                     attention,
                     {bytes(DataType::u8, {n, s, 48}), bytes(DataType::u8, {n, 33, 24}),
                      bytes(DataType::u8, {n, 33, 20})}});
  }
  for (const DataType dtype : {DataType::u8, DataType::i8}) {
    const auto named = [&](const char* text) {
      return std::string(text) + (dtype == DataType::u8 ? "_u8" : "_i8");
    };
    const double low = dtype == DataType::u8 ? 0 : -128;
    const CaseOperand zero = typed(dtype, {}, low, low + 255);
    cases.push_back({named("quantize_linear"),
                     op::QuantizeLinear{},
                     {input({n, 19, h, w}, -3, 3), weight({}, 0.01, 0.03), zero}});
    cases.push_back({named("dequantize_linear"),
                     op::DequantizeLinear{},
                     {bytes(dtype, {n, 19, h, w}), weight({}, 0.01, 0.03), zero}});
    op::QuantizedAdd add;
    add.a_zero = 3;
    add.a_multiplier = 0.4F;
    add.b_multiplier = 0.8F;
    add.activation = op::QuantizedActivation::relu;
    add.output_dtype = dtype;
    add.y_zero = 2;
    cases.push_back(
        {named("quantized_add"), add, {bytes(dtype, {n, 21, h, w}), bytes(DataType::u8, {n, 21, h, w})}});
    add.output_dtype = DataType::f32;
    add.y_zero = 0;
    cases.push_back({named("quantized_add_to_floats"),
                     add,
                     {bytes(DataType::i8, {n, 21, h, w}), bytes(dtype, {n, 21, h, w})}});
    op::MaxPool max;
    max.kernel = {3, 2};
    max.stride = {2, 1};
    max.pad = {1, 0, 1, 1};
    cases.push_back({named("max_pool_bytes"), max, {bytes(dtype, {n, 18, h, w})}});
    op::QuantizedAveragePool average;
    average.x_zero = 7;
    average.y_zero = 11;
    average.multiplier = 1.3F;
    cases.push_back({named("quantized_average_pool_global"), average, {bytes(dtype, {n, 33, h, w})}});
    average.kernel = {3, 3};
    average.pad = {1, 1, 1, 1};
    average.count_include_pad = dtype == DataType::u8;
    cases.push_back({named("quantized_average_pool"), average, {bytes(dtype, {n, 16, h, w})}});
    cases.push_back({named("byte_table"),
                     op::ByteTable{},
                     {bytes(dtype, {n, 19, h, w}), fixed(DataType::i8, {256}, -128, 127)}});
    op::Resize resize;
    resize.mode = op::ResizeMode::nearest;
    resize.scales = {1, 1, 2, 3};
    cases.push_back({named("resize_bytes"), resize, {bytes(dtype, {n, 19, h, w})}});
    cases.push_back(
        {named("concat_bytes"), op::Concat{1}, {bytes(dtype, {n, 16, h, w}), bytes(dtype, {n, 32, h, w})}});
  }
}

}  // namespace tenon::test
