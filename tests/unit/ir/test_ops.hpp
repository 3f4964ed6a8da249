// Operators of the IR's own tests, and a registry of them.
#pragma once

#include "ir/graph.hpp"
#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::test {

// One result of the first operand's type.
struct Same {
  static constexpr std::string_view kName = "same";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// The first two operands must have one type, which is the result's; a third is optional.
struct Sum {
  static constexpr std::string_view kName = "sum";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// As many results as asked for, at least one, all of the operand's type.
struct Fork {
  static constexpr std::string_view kName = "fork";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// Region 0 has parameters of the operands' types; the results are what it returns.
struct Call {
  static constexpr std::string_view kName = "call";
  static constexpr OpTraits kTraits{.deterministic = true, .has_regions = true, .commutative = false};
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// The operand's type, quantized with operand 1 as scale and operand 2, when present, as zero point.
struct Quantize {
  static constexpr std::string_view kName = "quantize";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

enum class Color { red, green, blue };
inline constexpr std::array<std::string_view, 3> kColorNames = {"red", "green", "blue"};
constexpr const auto& enum_names(Color) { return kColorNames; }

// A field of every kind.
struct Kitchen {
  bool flag = false;
  std::int64_t big = 7;
  int small = -1;
  float real = 0.5F;
  std::string text = "plain";
  Color color = Color::green;
  std::vector<std::int64_t> ints{1, 2};
  std::vector<float> reals{0.25F};
  std::vector<std::string> texts{"a"};
  DataType dtype = DataType::f32;
  Type type;
  Tensor tensor;
  PointwiseProgram program;
  std::optional<std::int64_t> maybe;
  std::optional<std::vector<std::int64_t>> maybe_ints;

  static constexpr std::string_view kName = "kitchen";
  static constexpr auto fields() {
    return std::make_tuple(
        field("flag", &Kitchen::flag), field("big", &Kitchen::big), field("small", &Kitchen::small),
        field("real", &Kitchen::real), field("text", &Kitchen::text), field("color", &Kitchen::color),
        field("ints", &Kitchen::ints), field("reals", &Kitchen::reals), field("texts", &Kitchen::texts),
        field("dtype", &Kitchen::dtype), field("type", &Kitchen::type), field("tensor", &Kitchen::tensor),
        field("program", &Kitchen::program), field("maybe", &Kitchen::maybe),
        field("maybe_ints", &Kitchen::maybe_ints));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

const OpRegistry& test_ops();

// Graph graph("…") from text over test_ops().
Graph graph_of(std::string_view text);

}  // namespace tenon::test
