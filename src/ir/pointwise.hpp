// Pointwise functions (one table: pointwise_functions.inc) and small programs of them.
//
// The table defines, for every elementwise operator of the IR, its name, its arity and the defaults of its
// two parameters. A PointwiseProgram is a straight-line list of such functions over registers; it is what
// fusion builds for groups of elementwise operators and for the epilogues of convolution and matrix product.
#pragma once

#include <tenon/data_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

enum class PointwiseFn : std::uint8_t {
#define TENON_POINTWISE(fn, arity, alpha, beta, result) fn,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
};

// How the result's dtype follows from the operands'.
enum class PointwiseResult : std::uint8_t {
  same,  // all value operands have one dtype and so has the result (where: operands 1 and 2; pow, bit_shift:
         // operand 0's)
  boolean,  // comparison or predicate
};

struct PointwiseInfo {
  std::string_view name;
  int arity;
  float alpha;  // defaults
  float beta;
  PointwiseResult result;
};

const PointwiseInfo& info(PointwiseFn fn) noexcept;
std::optional<PointwiseFn> parse_pointwise_fn(std::string_view name) noexcept;
int pointwise_fn_count() noexcept;

// Registers 0 … inputs-1 hold the operands; instruction i defines register inputs + i. The last register is
// the result. An instruction without a function is a constant or a cast ("const.f16 0.5", "cast.i32 %0";
// const alone is f32). Text, e.g. for silu with a scale:
//   "(2) %2 = sigmoid %0; %3 = mul %0 %2; %4 = mul %3 %1"      "(1) %1 = const 0.5; %2 = mul %0 %1; %3 =
//   clip[0,6] %2"
struct PointwiseProgram {
  enum class Kind : std::uint8_t { call, constant, cast };
  struct Instruction {
    Kind kind = Kind::call;
    PointwiseFn fn = PointwiseFn::relu;
    std::uint16_t args[3] = {0, 0, 0};  // registers; only the first arity are meaningful, the rest are 0
    float alpha = 0;                    // call: parameters; constant: alpha is the value
    float beta = 0;
    DataType to = DataType::f32;  // cast and constant: dtype of the result
    bool operator==(const Instruction&) const = default;
  };
  std::uint16_t inputs = 0;
  std::vector<Instruction> code;

  bool operator==(const PointwiseProgram&) const = default;
  bool empty() const noexcept { return code.empty(); }
  std::uint16_t result() const noexcept { return static_cast<std::uint16_t>(inputs + code.size() - 1); }
  std::string to_string() const;
  static PointwiseProgram parse(std::string_view text);  // ModelError
  // ModelError unless every register is defined before it is used, arities fit and the program has a result.
  void verify() const;
};

// Equal with floats compared by their bits, as attributes are.
bool identical(const PointwiseProgram& a, const PointwiseProgram& b) noexcept;
std::uint64_t hash(const PointwiseProgram& program) noexcept;

}  // namespace tenon
