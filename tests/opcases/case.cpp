#include "opcases/case.hpp"

#include "base/check.hpp"
#include "base/half.hpp"

#include <ostream>

namespace tenon::test {

std::vector<OpCase> all_cases() {
  std::vector<OpCase> cases;
  add_attention_cases(cases);
  add_contraction_cases(cases);
  add_pointwise_cases(cases);
  add_window_cases(cases);
  add_norm_cases(cases);
  add_movement_cases(cases);
  add_quantized_cases(cases);
  add_requantized_cases(cases);
  add_recurrent_cases(cases);
  add_tree_cases(cases);
  return cases;
}

std::ostream& operator<<(std::ostream& stream, const OpCase& op_case) { return stream << op_case.name; }

std::vector<PlanSymbol> case_profile() {
  return {{"N", 1, 2, 5}, {"H", 5, 7, 13}, {"W", 5, 9, 13}, {"S", 1, 17, 70}};
}

std::vector<SymbolValues> case_runs() {
  return {{{"N", 2}, {"H", 7}, {"W", 9}, {"S", 17}},
          {{"N", 1}, {"H", 13}, {"W", 5}, {"S", 1}},
          {{"N", 5}, {"H", 13}, {"W", 13}, {"S", 70}},
          {{"N", 3}, {"H", 5}, {"W", 12}, {"S", 16}}};
}

Tensor make_tensor(const CaseOperand& operand, const Shape& shape, Random& random) {
  Tensor tensor(operand.dtype, shape);
  const auto low = static_cast<std::int64_t>(operand.low), high = static_cast<std::int64_t>(operand.high);
  const auto integer = [&](std::size_t i) {
    return operand.values.empty() ? random.between(low, high) : operand.values[i];
  };
  const auto fill = [&](auto zero) {
    using T = decltype(zero);
    auto values = tensor.mutable_values<T>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(integer(i));
  };
  switch (operand.dtype) {
    case DataType::f32:
      for (float& value : tensor.mutable_values<float>()) {
        value = random.uniform(static_cast<float>(operand.low), static_cast<float>(operand.high));
      }
      break;
    case DataType::boolean:
      for (bool& value : tensor.mutable_values<bool>()) value = random.one_in(2);
      break;
    case DataType::i8: fill(std::int8_t{}); break;
    case DataType::u8: fill(std::uint8_t{}); break;
    case DataType::i4:
    case DataType::u4:  // every code, two in a byte
      for (std::size_t i = 0; i < tensor.size_bytes(); ++i)
        tensor.mutable_data()[i] = static_cast<std::byte>(random.between(0, 255));
      break;
    case DataType::i32: fill(std::int32_t{}); break;
    case DataType::i64: fill(std::int64_t{}); break;
    default: TENON_UNREACHABLE("no generator for {}", name(operand.dtype));
  }
  return tensor;
}

}  // namespace tenon::test
