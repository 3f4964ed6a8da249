// One operator with operands whose dims may be symbolic, and the shapes under which it is run.
#pragma once

#include "base/random.hpp"
#include "ir/op.hpp"
#include "plan/plan.hpp"

#include <tenon/tensor.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace tenon::test {

struct CaseOperand {
  DataType dtype = DataType::f32;
  Dims dims;
  bool constant = false;  // known when the step is built
  bool present = true;
  double low = -1, high = 1;              // elements are uniform in this range
  std::vector<std::int64_t> values = {};  // an integer operand's elements, where they matter
};

inline CaseOperand input(Dims dims, double low = -1, double high = 1) {
  return {DataType::f32, std::move(dims), false, true, low, high};
}
inline CaseOperand weight(Dims dims, double low = -1, double high = 1) {
  return {DataType::f32, std::move(dims), true, true, low, high};
}
inline CaseOperand typed(DataType dtype, Dims dims, double low, double high) {
  return {dtype, std::move(dims), false, true, low, high};
}
inline CaseOperand integers(std::vector<std::int64_t> values) {
  const Dim count(static_cast<std::int64_t>(values.size()));
  return {DataType::i64, {count}, true, true, 0, 0, std::move(values)};
}
inline CaseOperand absent() { return {DataType::f32, {}, false, false}; }

struct OpCase {
  std::string name;
  Op op;
  std::vector<CaseOperand> operands;
  double length = 1;        // products or elements that go into one result
  std::size_t outputs = 0;  // of variadic operators
  int quanta = 0;           // by which bytes may differ that are rounded from inexact floats
};

std::ostream& operator<<(std::ostream& stream, const OpCase& op_case);

// Every case. Symbols: N (a batch of 1 to 5), H and W (spatial, 5 to 13), S (a sequence of 1 to 70).
std::vector<OpCase> all_cases();

inline Dim symbol(const char* name) { return Dim::symbol(name); }
std::vector<PlanSymbol> case_profile();
// Values of the symbols, to be run one after the other on one step; the first are the optimum.
std::vector<SymbolValues> case_runs();

// Elements as the operand says.
Tensor make_tensor(const CaseOperand& operand, const Shape& shape, Random& random);

// Each file of cases adds its own.
void add_attention_cases(std::vector<OpCase>& cases);
void add_contraction_cases(std::vector<OpCase>& cases);
void add_pointwise_cases(std::vector<OpCase>& cases);
void add_window_cases(std::vector<OpCase>& cases);
void add_norm_cases(std::vector<OpCase>& cases);
void add_movement_cases(std::vector<OpCase>& cases);
void add_quantized_cases(std::vector<OpCase>& cases);
void add_requantized_cases(std::vector<OpCase>& cases);
void add_recurrent_cases(std::vector<OpCase>& cases);
void add_tree_cases(std::vector<OpCase>& cases);

}  // namespace tenon::test
