#include "opcases/case.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/matmul_integer.hpp"

namespace tenon::test {

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
}

}  // namespace tenon::test
