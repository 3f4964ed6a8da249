#include "opcases/case.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/matmul_integer.hpp"
#include "ops/scaled_integer.hpp"
#include "ops/weight_only.hpp"

namespace tenon::test {
namespace {

CaseOperand stored(DataType dtype, Dims dims) {
  const bool four = bit_width(dtype) == 4;
  const bool natural = dtype == DataType::u8 || dtype == DataType::u4;
  const double most = four ? 15 : 255;
  CaseOperand operand =
      typed(dtype, std::move(dims), natural ? 0 : -(most + 1) / 2, natural ? most : (most - 1) / 2);
  operand.constant = true;
  return operand;
}

void add_scaled_integer_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), s = symbol("S"), h = symbol("H"), w = symbol("W");
  const CaseOperand zero = typed(DataType::u8, {}, 0, 255);
  op::ScaledConvInteger conv;
  conv.pad = {1, 0, 1, 2};
  cases.push_back({"scaled_conv_integer",
                   conv,
                   {typed(DataType::u8, {n, 37, h, w}, 0, 255), stored(DataType::i8, {33, 37, 3, 3}),
                    input({33}, 0.001, 0.01), zero}});
  cases.push_back({"scaled_conv_integer_planar",
                   conv,
                   {typed(DataType::i8, {n, 3, h, w}, -128, 127), stored(DataType::i8, {20, 3, 3, 3}),
                    input({1}, 0.001, 0.01), typed(DataType::i8, {}, -128, 127)}});
  conv.group = 20;
  conv.stride = {2, 1};
  cases.push_back({"scaled_conv_integer_depthwise",
                   conv,
                   {typed(DataType::u8, {n, 20, h, w}, 0, 255), stored(DataType::i8, {20, 1, 3, 3}),
                    input({20}, 0.001, 0.01), zero}});
  cases.push_back({"scaled_matmul_integer",
                   op::ScaledMatMulInteger{},
                   {typed(DataType::u8, {n, s, 70}, 0, 255), stored(DataType::i8, {70, 37}),
                    input({37}, 0.001, 0.01), zero}});
  cases.push_back(
      {"scaled_matmul_integer_signed",
       op::ScaledMatMulInteger{},
       {typed(DataType::i8, {s, 20}, -128, 127), stored(DataType::i8, {20, 16}), input({1}, 0.001, 0.01)}});
}

void add_weight_only_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), s = symbol("S"), h = symbol("H"), w = symbol("W");
  op::WeightOnlyConv conv;
  conv.pad = {1, 1, 1, 1};
  conv.epilogue = PointwiseProgram::parse("(2) %2 = add %0 %1; %3 = relu %2");
  cases.push_back({"weight_only_conv_channels",
                   conv,
                   {input({n, 19, h, w}), stored(DataType::i8, {33, 19, 3, 3}), weight({33}),
                    weight({33}, 0.005, 0.01), absent(), input({n, 33, h, w})},
                   19 * 9});
  conv.epilogue = {};
  conv.axis = 1;
  conv.block_size = 16;
  cases.push_back({"weight_only_conv_blocks",
                   conv,
                   {input({n, 40, h, w}), stored(DataType::i4, {20, 40, 3, 3}), absent(),
                    weight({20, 3, 3, 3}, 0.05, 0.1)},
                   40 * 9});
  conv.axis = 0;
  conv.block_size = 0;
  conv.group = 20;
  cases.push_back({"weight_only_conv_depthwise",
                   conv,
                   {input({n, 20, h, w}), stored(DataType::u8, {20, 1, 3, 3}), weight({20}),
                    weight({20}, 0.005, 0.01), stored(DataType::u8, {20})},
                   9});
  conv.group = 1;
  conv.stride = {2, 2};
  cases.push_back(
      {"weight_only_conv_first_layer",
       conv,
       {input({n, 3, h, w}), stored(DataType::i8, {20, 3, 3, 3}), weight({20}), weight({20}, 0.005, 0.01)},
       27});
  op::WeightOnlyConvTranspose transposed;
  transposed.stride = {2, 2};
  transposed.axis = 1;
  cases.push_back(
      {"weight_only_conv_transpose",
       transposed,
       {input({n, 18, h, w}), stored(DataType::i8, {18, 17, 2, 2}), weight({17}), weight({17}, 0.005, 0.01)},
       18});
  op::WeightOnlyMatMul product;
  product.axis = 1;
  product.alpha = 0.5F;
  cases.push_back(
      {"weight_only_matmul_channels",
       product,
       {input({n, s, 70}), stored(DataType::i8, {70, 37}), weight({37}), weight({37}, 0.005, 0.01)},
       70});
  product.alpha = 1;
  product.axis = 0;
  product.block_size = 32;
  product.epilogue = PointwiseProgram::parse("(1) %1 = relu %0");
  cases.push_back({"weight_only_matmul_blocks",
                   product,
                   {input({s, 70}), stored(DataType::i4, {70, 37}), weight({37}), weight({3, 37}, 0.05, 0.1)},
                   70});
  product.transpose_b = true;
  product.axis = 1;
  product.epilogue = {};
  cases.push_back({"weight_only_matmul_zeros",
                   product,
                   {input({s, 70}), stored(DataType::u4, {37, 70}), absent(), weight({37, 3}, 0.05, 0.1),
                    stored(DataType::u4, {37, 3})},
                   70});
  product.block_size = 24;
  product.epilogue = PointwiseProgram::parse("(2) %2 = add %0 %1; %3 = relu %2");
  cases.push_back({"weight_only_matmul_signed_zeros",
                   product,
                   {input({n, s, 70}), stored(DataType::i8, {37, 70}), weight({37}),
                    weight({37, 3}, 0.005, 0.01), stored(DataType::i8, {37, 3}), input({n, s, 37})},
                   70});
  op::WeightOnlyMatMul one;
  cases.push_back({"weight_only_matmul_one_scale",
                   one,
                   {input({s, 20}), stored(DataType::u8, {20, 16}), absent(), weight({}, 0.005, 0.01),
                    stored(DataType::u8, {})},
                   20});
}

}  // namespace

void add_quantized_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), s = symbol("S");
  const auto fixed = [](DataType dtype, Dims dims, double low, double high) {
    CaseOperand operand = typed(dtype, std::move(dims), low, high);
    operand.constant = true;
    return operand;
  };
  const CaseOperand zero = typed(DataType::u8, {}, 0, 255);
  cases.push_back({"matmul_integer_bytes",
                   op::MatMulInteger{},
                   {typed(DataType::u8, {n, s, 128}, 0, 255), fixed(DataType::i8, {128, 37}, -128, 127), zero,
                    fixed(DataType::i8, {}, -3, 3)}});
  cases.push_back({"matmul_integer_signed",
                   op::MatMulInteger{},
                   {typed(DataType::i8, {s, 20}, -128, 127), fixed(DataType::u8, {20, 16}, 0, 255)}});
  cases.push_back({"dynamic_quantize", op::DynamicQuantizeLinear{}, {input({n, s, 9}, -3, 2)}});
  cases.push_back({"dynamic_quantize_positive", op::DynamicQuantizeLinear{}, {input({s}, 1, 2)}});
  cases.push_back({"dequantize_bytes",
                   op::DequantizeLinear{},
                   {typed(DataType::u8, {n, s}, 0, 255), weight({}, 0.01, 0.1), zero}});
  cases.push_back({"dequantize_sums",
                   op::DequantizeLinear{},
                   {typed(DataType::i32, {n, s}, -100000, 100000), input({}, 0.01, 0.1)}});
  const auto dequantize = [](std::int64_t axis, std::int64_t block) {
    op::DequantizeLinear op;
    op.axis = axis;
    op.block_size = block;
    return op;
  };
  cases.push_back({"dequantize_channels",
                   dequantize(1, 0),
                   {typed(DataType::i8, {n, 5, s}, -128, 127), input({5}, 0.01, 0.1)}});
  cases.push_back(
      {"dequantize_last_axis",
       dequantize(-1, 0),
       {typed(DataType::u8, {n, s, 7}, 0, 255), input({7}, 0.01, 0.1), typed(DataType::u8, {7}, 0, 255)}});
  cases.push_back({"dequantize_blocks",
                   dequantize(1, 32),
                   {fixed(DataType::i4, {9, 70, 3}, -8, 7), weight({9, 3, 3}, 0.01, 0.1)}});
  cases.push_back({"dequantize_blocks_with_zeros",
                   dequantize(0, 16),
                   {fixed(DataType::u4, {40, 21}, 0, 15), weight({3, 21}, 0.01, 0.1),
                    fixed(DataType::u4, {3, 21}, 0, 15)}});
  add_weight_only_cases(cases);
  add_scaled_integer_cases(cases);
}

}  // namespace tenon::test
