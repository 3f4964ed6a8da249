#include "ir/pointwise.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"
#include "ir/lexer.hpp"
#include "ir/number_text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>

namespace tenon {
namespace {

constexpr PointwiseInfo kPointwiseTable[] = {
#define TENON_POINTWISE(fn, arity, alpha, beta, result) {#fn, arity, alpha, beta, PointwiseResult::result},
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
};

using Instruction = PointwiseProgram::Instruction;
using CodeKind = PointwiseProgram::Kind;

// Registers are 16-bit; half of the range is far more than any fusion makes.
constexpr std::size_t kMaxRegisters = 32768;

bool same_bits(float a, float b) noexcept {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

int arity_of(const Instruction& instruction) noexcept {
  switch (instruction.kind) {
    case CodeKind::call: return info(instruction.fn).arity;
    case CodeKind::constant: return 0;
    case CodeKind::cast: return 1;
  }
  return 0;
}

std::string print_instruction(const Instruction& instruction) {
  std::string text;
  switch (instruction.kind) {
    case CodeKind::call: {
      const PointwiseInfo& function = info(instruction.fn);
      text = function.name;
      const bool beta = !same_bits(instruction.beta, function.beta);
      if (beta || !same_bits(instruction.alpha, function.alpha))
        text += '[' + print_number(instruction.alpha);
      if (beta) text += ',' + print_number(instruction.beta);
      if (text.size() > function.name.size()) text += ']';
      break;
    }
    case CodeKind::constant:
      text = "const";
      if (instruction.to != DataType::f32) text += fmt::format(".{}", name(instruction.to));
      text += ' ' + print_number(instruction.alpha);
      break;
    case CodeKind::cast: text = fmt::format("cast.{}", name(instruction.to)); break;
  }
  for (int i = 0; i < arity_of(instruction); ++i) text += fmt::format(" %{}", instruction.args[i]);
  return text;
}

std::uint16_t parse_register(Lexer& lexer, std::size_t limit) {
  const Token token = lexer.expect(Token::Kind::value, "a register such as %0");
  std::size_t number = 0;
  for (const char c : token.text) {
    if (c < '0' || c > '9' || token.quoted) lexer.fail(token.offset, "a register is a number, such as %0");
    number = number * 10 + static_cast<std::size_t>(c - '0');
    if (number >= limit)
      lexer.fail(token.offset, fmt::format("register %{} is not defined here", token.text));
  }
  return static_cast<std::uint16_t>(number);
}

DataType parse_suffix(Lexer& lexer, const Token& word, std::size_t prefix) {
  const auto dtype = parse_data_type(std::string_view(word.text).substr(prefix));
  if (!dtype) lexer.fail(word.offset, fmt::format("'{}' does not end in an element type", word.text));
  return *dtype;
}

Instruction parse_instruction(Lexer& lexer, std::size_t defined) {
  Instruction instruction;
  const Token word = lexer.expect(Token::Kind::identifier, "a function");
  const auto starts = [&](std::string_view prefix) {
    return word.text.compare(0, prefix.size(), prefix) == 0;
  };
  if (word.text == "const" || starts("const.")) {
    instruction.kind = CodeKind::constant;
    if (word.text != "const") instruction.to = parse_suffix(lexer, word, 6);
    instruction.alpha = parse_number<float>(lexer);
  } else if (starts("cast.")) {
    instruction.kind = CodeKind::cast;
    instruction.to = parse_suffix(lexer, word, 5);
  } else {
    const auto fn = parse_pointwise_fn(word.text);
    if (!fn) lexer.fail(word.offset, fmt::format("there is no elementwise function '{}'", word.text));
    instruction.fn = *fn;
    instruction.alpha = info(*fn).alpha;
    instruction.beta = info(*fn).beta;
    if (lexer.accept('[')) {
      instruction.alpha = parse_number<float>(lexer);
      if (lexer.accept(',')) instruction.beta = parse_number<float>(lexer);
      lexer.expect(']');
    }
  }
  for (int i = 0; i < arity_of(instruction); ++i) instruction.args[i] = parse_register(lexer, defined);
  return instruction;
}

}  // namespace

const PointwiseInfo& info(PointwiseFn fn) noexcept { return kPointwiseTable[static_cast<std::size_t>(fn)]; }

std::optional<PointwiseFn> parse_pointwise_fn(std::string_view name) noexcept {
  for (std::size_t i = 0; i < std::size(kPointwiseTable); ++i) {
    if (kPointwiseTable[i].name == name) return static_cast<PointwiseFn>(i);
  }
  return std::nullopt;
}

int pointwise_fn_count() noexcept { return static_cast<int>(std::size(kPointwiseTable)); }

bool identical(const PointwiseProgram& a, const PointwiseProgram& b) noexcept {
  if (a.inputs != b.inputs || a.code.size() != b.code.size()) return false;
  for (std::size_t i = 0; i < a.code.size(); ++i) {
    const Instruction& x = a.code[i];
    const Instruction& y = b.code[i];
    if (x.kind != y.kind || x.fn != y.fn || x.to != y.to || !same_bits(x.alpha, y.alpha) ||
        !same_bits(x.beta, y.beta)) {
      return false;
    }
    for (int k = 0; k < 3; ++k) {
      if (x.args[k] != y.args[k]) return false;
    }
  }
  return true;
}

std::uint64_t hash(const PointwiseProgram& program) noexcept {
  Hasher hasher;
  hasher.add(program.inputs).add(program.code.size());
  for (const Instruction& x : program.code) {
    hasher.add(x.kind).add(x.fn).add(x.to).add(x.alpha).add(x.beta).add(x.args[0]).add(x.args[1]).add(
        x.args[2]);
  }
  return hasher.value();
}

std::string PointwiseProgram::to_string() const {
  std::string text = fmt::format("({})", inputs);
  for (std::size_t i = 0; i < code.size(); ++i) {
    text += fmt::format("{} %{} = {}", i == 0 ? "" : ";", inputs + i, print_instruction(code[i]));
  }
  return text;
}

PointwiseProgram PointwiseProgram::parse(std::string_view text) {
  Lexer lexer(text, "pointwise program");
  PointwiseProgram program;
  lexer.expect('(');
  const Token inputs = lexer.expect(Token::Kind::integer, "the number of inputs");
  if (inputs.integer > kMaxRegisters) lexer.fail(inputs.offset, "too many inputs");
  program.inputs = static_cast<std::uint16_t>(inputs.integer);
  lexer.expect(')');
  if (lexer.at_end()) return program;
  do {
    const std::size_t defined = program.inputs + program.code.size();
    if (defined >= kMaxRegisters) lexer.fail("too many registers");
    const std::size_t start = lexer.peek().offset;
    if (parse_register(lexer, kMaxRegisters) != defined) {
      lexer.fail(start, fmt::format("the next register to define is %{}", defined));
    }
    lexer.expect('=');
    program.code.push_back(parse_instruction(lexer, defined));
  } while (lexer.accept(';'));
  lexer.expect_end();
  return program;
}

void PointwiseProgram::verify() const {
  TENON_REQUIRE(inputs + code.size() > 0, "a pointwise program has neither inputs nor instructions");
  TENON_REQUIRE(inputs + code.size() <= kMaxRegisters, "a pointwise program of {} registers is too long",
                inputs + code.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (int k = 0; k < arity_of(code[i]); ++k) {
      TENON_REQUIRE(code[i].args[k] < inputs + i,
                    "register %{} of a pointwise program uses %{} before it is defined", inputs + i,
                    code[i].args[k]);
    }
  }
}

}  // namespace tenon
