// Dims as text and back.
#include "ir/dim_expr.hpp"
#include "ir/dim_parser.hpp"

#include <fmt/format.h>

namespace tenon {
namespace {

using Atom = Dim::Expr::Atom;
using Term = Dim::Expr::Term;

std::string print_atom(const Atom& atom) {
  std::string_view function;
  switch (atom.kind) {
    case Atom::Kind::symbol: return identifier_or_quoted(atom.name);
    case Atom::Kind::floor_div: function = "floordiv"; break;
    case Atom::Kind::ceil_div: function = "ceildiv"; break;
    case Atom::Kind::min: function = "min"; break;
    case Atom::Kind::max: function = "max"; break;
  }
  return fmt::format("{}({}, {})", function, atom.a.to_string(), atom.b.to_string());
}

// The term without its sign.
std::string print_magnitude(const Term& term) {
  const auto raw = static_cast<std::uint64_t>(term.coefficient);
  const std::uint64_t magnitude = term.coefficient < 0 ? 0 - raw : raw;
  std::string text;
  if (magnitude != 1 || term.factors.empty()) text = fmt::format("{}", magnitude);
  for (const auto& factor : term.factors) {
    for (int i = 0; i < factor.power; ++i) {
      if (!text.empty()) text += '*';
      text += print_atom(*factor.atom);
    }
  }
  return text;
}

Dim parse_sum(Lexer& lexer);

Dim parse_primary(Lexer& lexer) {
  const Lexer::Nesting nesting(lexer);
  const std::size_t start = lexer.peek().offset;
  if (lexer.accept('?')) return Dim::unknown();
  if (lexer.accept('(')) {
    Dim inner = parse_sum(lexer);
    lexer.expect(')');
    return inner;
  }
  if (lexer.peek().is('-')) {
    lexer.next();
    if (lexer.peek().kind == Token::Kind::integer && lexer.peek().integer == std::uint64_t{1} << 63) {
      lexer.next();
      return Dim(std::numeric_limits<std::int64_t>::min());
    }
    return Dim(-1) * parse_primary(lexer);
  }
  switch (lexer.peek().kind) {
    case Token::Kind::integer: return Dim(lexer.expect_signed_integer());
    case Token::Kind::string: return Dim::symbol(lexer.next().text);
    case Token::Kind::identifier: break;
    default: lexer.fail_expected("a dimension");
  }
  const std::string word = lexer.next().text;
  if (!lexer.accept('(')) return Dim::symbol(word);
  const Dim a = parse_sum(lexer);
  lexer.expect(',');
  const Dim b = parse_sum(lexer);
  lexer.expect(')');
  if (word == "floordiv" || word == "ceildiv") {
    if (b.is_const(0)) lexer.fail(start, "division by zero");
    return word == "floordiv" ? floor_div(a, b) : ceil_div(a, b);
  }
  if (word == "min") return min(a, b);
  if (word == "max") return max(a, b);
  lexer.fail(start, fmt::format("unknown function '{}'; there are floordiv, ceildiv, min and max", word));
}

Dim parse_product(Lexer& lexer) {
  Dim result = parse_primary(lexer);
  while (lexer.accept('*')) result = result * parse_primary(lexer);
  return result;
}

Dim parse_sum(Lexer& lexer) {
  Dim result = parse_product(lexer);
  for (;;) {
    if (lexer.accept('+')) {
      result = result + parse_product(lexer);
    } else if (lexer.accept('-')) {
      result = result - parse_product(lexer);
    } else {
      return result;
    }
  }
}

}  // namespace

Dim parse_dim(Lexer& lexer) {
  const std::size_t start = lexer.peek().offset;
  try {
    return parse_sum(lexer);
  } catch (const LexError&) {
    throw;
  } catch (const ModelError& error) {
    lexer.fail(start, error.message());  // overflow, or division by what turns out to be zero
  }
}

Dim Dim::parse(std::string_view text) {
  Lexer lexer(text, "dimension");
  Dim dim = parse_dim(lexer);
  lexer.expect_end();
  return dim;
}

std::string Dim::to_string() const {
  if (unknown_) return "?";
  if (expr_ == nullptr) return fmt::format("{}", value_);
  std::string text;
  for (const Term& term : expr_->polynomial) {
    const bool negative = term.coefficient < 0;
    if (!text.empty()) {
      text += negative ? " - " : " + ";
    } else if (negative) {
      text += '-';
    }
    text += print_magnitude(term);
  }
  return text;
}

}  // namespace tenon
