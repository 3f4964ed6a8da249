#include "ir/number_text.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

namespace tenon {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
constexpr Bits<T> kQuietNan = std::bit_cast<Bits<T>>(std::numeric_limits<T>::quiet_NaN());

template <class T>
std::string print_real(T value) {
  if (std::isnan(value)) {
    const auto bits = std::bit_cast<Bits<T>>(value);
    return bits == kQuietNan<T> ? "nan" : fmt::format("nan(0x{:x})", bits);
  }
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{}", value);
}

// fmt writes -0 with its sign and whole numbers without a point.
std::string with_point(std::string text) {
  const bool whole = text.find_first_not_of("-0123456789") == std::string::npos;
  if (whole) text += ".0";
  return text;
}

template <class T>
T parse_real(Lexer& lexer) {
  const std::size_t start = lexer.peek().offset;
  const bool negative = lexer.accept('-');
  if (lexer.accept("inf"))
    return negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
  if (!negative && lexer.accept("nan")) {
    if (!lexer.accept('(')) return std::bit_cast<T>(kQuietNan<T>);
    const std::uint64_t bits = lexer.expect(Token::Kind::integer, "the bits of the NaN").integer;
    lexer.expect(')');
    const auto narrow = static_cast<Bits<T>>(bits);
    if (narrow != bits || !std::isnan(std::bit_cast<T>(narrow)))
      lexer.fail(start, "these bits are not those of a NaN");
    return std::bit_cast<T>(narrow);
  }
  const Token token = lexer.peek();
  if (token.kind != Token::Kind::integer && token.kind != Token::Kind::real) lexer.fail_expected("a number");
  lexer.next();
  T value{};
  const auto result = std::from_chars(token.source.data(), token.source.data() + token.source.size(), value);
  if (result.ec == std::errc::result_out_of_range) lexer.fail(start, "the number is out of range");
  if (result.ec != std::errc{} || result.ptr != token.source.data() + token.source.size())
    lexer.fail(start, "not a decimal number");
  return negative ? -value : value;
}

}  // namespace

std::string print_number(float value) { return with_point(print_real(value)); }
std::string print_number(double value) { return with_point(print_real(value)); }
std::string print_shortest(float value) { return print_real(value); }
std::string print_shortest(double value) { return print_real(value); }

template <>
float parse_number<float>(Lexer& lexer) {
  return parse_real<float>(lexer);
}

template <>
double parse_number<double>(Lexer& lexer) {
  return parse_real<double>(lexer);
}

}  // namespace tenon
