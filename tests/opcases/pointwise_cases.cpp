#include "opcases/case.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/pointwise.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

struct Range {
  double low, high;
};

// Where the function is defined and its result not so large that single precision is lost.
Range range_of(PointwiseFn fn) {
  using enum PointwiseFn;
  switch (fn) {
    case log:
    case sqrt:
    case reciprocal:
    case pow:
    case div: return {0.5, 4};
    case asin:
    case acos:
    case atanh: return {-0.9, 0.9};
    case acosh: return {1.1, 4};
    case tan: return {-1, 1};
    case mod:
    case fmod: return {1, 2};  // the remainder of less than twice the divisor is exact
    default: return {-3, 3};
  }
}

bool takes_integers(PointwiseFn fn) {
  using enum PointwiseFn;
  return fn == bit_and || fn == bit_or || fn == bit_xor || fn == bit_not || fn == shift_left ||
         fn == shift_right;
}

bool takes_truth(PointwiseFn fn) {
  using enum PointwiseFn;
  return fn == logical_and || fn == logical_or || fn == logical_xor || fn == logical_not;
}

// Every function of the table on a blocked-able tensor, its second operand broadcast.
void add_functions(std::vector<OpCase>& cases) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const auto fn = static_cast<PointwiseFn>(i);
    const PointwiseInfo& row = info(fn);
    if (takes_integers(fn) || fn == PointwiseFn::where) continue;
    const auto [low, high] = range_of(fn);
    const auto operand = [&, low = low, high = high](Dims dims) {
      return takes_truth(fn) ? typed(DataType::boolean, std::move(dims), 0, 1)
                             : input(std::move(dims), low, high);
    };
    const Dims full{symbol("N"), 19, symbol("H"), symbol("W")};
    if (row.arity == 1) {
      cases.push_back({fmt::format("unary_{}", row.name), op::unary(fn), {operand(full)}});
    } else {
      cases.push_back(
          {fmt::format("binary_{}", row.name), op::binary(fn), {operand(full), operand({19, 1, 1})}});
    }
  }
}

}  // namespace

void add_pointwise_cases(std::vector<OpCase>& cases) {
  add_functions(cases);
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W"), s = symbol("S");
  const Dims image{n, 19, h, w};
  const auto group = [&](const char* name, const char* program, std::vector<CaseOperand> operands) {
    cases.push_back({fmt::format("pointwise_{}", name), op::Pointwise{PointwiseProgram::parse(program)},
                     std::move(operands), 4});
  };
  group("batch_norm_relu", "(3) %3 = mul %0 %1; %4 = add %3 %2; %5 = relu %4",
        {input(image), weight({19, 1, 1}), weight({1, 19, 1, 1})});
  group("squeeze_excite", "(2) %2 = sigmoid %1; %3 = mul %0 %2", {input(image), input({n, 19, 1, 1})});
  group("mask_over_channels", "(2) %2 = add %0 %1", {input(image), input({n, 1, h, w})});
  group("scalar", "(2) %2 = mul %0 %1; %3 = const 2.5; %4 = add %2 %3", {input(image), weight({})});
  group("one_scalar_input", "(2) %2 = sub %1 %0", {input(image), input({1})});
  group("rows", "(2) %2 = add %0 %1; %3 = gelu %2", {input({n, s, 40}), weight({40})});
  group("columns", "(2) %2 = add %0 %1", {input({n, s, 1}), input({1, 1, 33})});
  group("cube", "(1) %1 = mul %0 %0; %2 = mul %1 %0", {input({n, 16, 3, h, w})});
  group("row_of_channels", "(1) %1 = exp %0", {input({n, 5, w})});
  group("residual", "(2) %2 = add %0 %1; %3 = relu %2", {input(image), input(image)});
  group("compare_and_select", "(3) %3 = less %0 %1; %4 = where %3 %0 %2",
        {input(image), input({n, 19, 1, 1}), weight({19, 1, 1})});
  cases.push_back({"binary_add_constant_image",
                   op::binary(PointwiseFn::add),
                   {input({n, 19, 7, 9}), weight({19, 7, 9})}});
  cases.push_back(
      {"where_plain", op::Where{}, {typed(DataType::boolean, {n, 1, s}, 0, 1), input({n, 6, s}), input({})}});
  cases.push_back({"cast_from_i64", op::Cast{DataType::f32}, {typed(DataType::i64, {n, s}, -1000, 1000)}});
  cases.push_back({"cast_to_bool", op::Cast{DataType::boolean}, {typed(DataType::u8, {n, s}, 0, 2)}});
}

}  // namespace tenon::test
