#include "ir/lexer.hpp"

#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) noexcept { return is_letter(c) || is_digit(c) || c == '.'; }

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Lexer::Lexer(std::string_view text, std::string what) : text_(text), what_(std::move(what)) { advance(); }

Token Lexer::next() {
  Token token = std::move(token_);
  advance();
  return token;
}

bool Lexer::accept(char c) {
  if (!token_.is(c)) return false;
  advance();
  return true;
}

bool Lexer::accept(std::string_view word) {
  if (!token_.is(word)) return false;
  advance();
  return true;
}

void Lexer::expect(char c) {
  if (!accept(c)) fail_expected(fmt::format("'{}'", c));
}

void Lexer::expect(std::string_view word) {
  if (!accept(word)) fail_expected(fmt::format("'{}'", word));
}

void Lexer::expect_end() {
  if (!at_end()) fail_expected("the end of the text");
}

Token Lexer::expect(Token::Kind kind, std::string_view what) {
  if (token_.kind != kind) fail_expected(what);
  return next();
}

std::int64_t Lexer::expect_signed_integer() {
  const std::size_t start = token_.offset;
  const bool negative = accept('-');
  const std::uint64_t magnitude = expect(Token::Kind::integer, "an integer").integer;
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (magnitude > limit) fail(start, "the integer does not fit in 64 bits");
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

Lexer::Nesting::Nesting(Lexer& lexer) : lexer_(lexer) {
  if (lexer.depth_ >= kMaxDepth) lexer.fail("the text is nested too deeply");
  ++lexer.depth_;
}

void Lexer::fail(std::size_t offset, const std::string& message) const {
  offset = std::min(offset, text_.size());
  const std::string_view before = text_.substr(0, offset);
  const auto line_number = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t column = offset - start;

  // Long lines are shown around the column.
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kShown = 100;
  const std::size_t cut = column > kBefore ? column - kBefore : 0;
  std::string_view line = text_.substr(start, text_.find('\n', start) - start);
  line = line.substr(std::min(cut, line.size()), kShown);
  std::string shown(line);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  throw LexError(fmt::format("{}, line {}, column {}: {}\n  {}\n  {:>{}}", what_, line_number, column + 1,
                             message, shown, '^', column - cut + 1));
}

void Lexer::fail_expected(std::string_view expected) const {
  if (at_end()) fail(fmt::format("expected {}, found the end of the text", expected));
  constexpr std::size_t kShown = 40;
  const bool cut = token_.source.size() > kShown;
  fail(fmt::format("expected {}, found '{}{}'", expected, token_.source.substr(0, kShown), cut ? "..." : ""));
}

void Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

void Lexer::advance() {
  skip_blanks();
  const std::size_t start = at_;
  token_ = Token{};
  token_.offset = start;
  if (start >= text_.size()) return;
  const char c = text_[start];
  if (is_letter(c)) {
    token_.kind = Token::Kind::identifier;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    token_.text = text_.substr(start, at_ - start);
  } else if (is_digit(c)) {
    lex_number();
  } else if (c == '"') {
    token_.kind = Token::Kind::string;
    lex_string();
  } else if (c == '%') {
    lex_value();
  } else if (c == '#') {
    token_.kind = Token::Kind::hash;
    ++at_;
    while (at_ < text_.size() && hex_digit(text_[at_]) >= 0) ++at_;
    token_.text = text_.substr(start + 1, at_ - start - 1);
  } else {
    token_.kind = Token::Kind::punctuation;
    ++at_;
  }
  token_.source = text_.substr(start, at_ - start);
}

void Lexer::lex_string() {
  const std::size_t start = at_++;
  for (; at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n'; ++at_) {
    if (text_[at_] == '\\') ++at_;
  }
  if (at_ >= text_.size() || text_[at_] != '"') fail(start, "the string is not closed");
  ++at_;
  try {
    token_.text = unquote_literal(text_.substr(start, at_ - start));
  } catch (const ModelError& error) {
    fail(start, error.message());
  }
}

void Lexer::lex_number() {
  const std::size_t start = at_;
  const auto digits = [&] {
    const std::size_t first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > first;
  };
  const auto at = [&](std::string_view set) {
    return at_ < text_.size() && set.find(text_[at_]) != std::string_view::npos;
  };
  if (text_.substr(at_, 2) == "0x") {
    at_ += 2;
    token_.kind = Token::Kind::integer;
    const std::size_t first = at_;
    for (; at_ < text_.size() && hex_digit(text_[at_]) >= 0; ++at_) {
      if (at_ - first >= 16) fail(start, "the integer does not fit in 64 bits");
      token_.integer = token_.integer * 16 + static_cast<std::uint64_t>(hex_digit(text_[at_]));
    }
    if (at_ == first) fail(start, "0x needs hexadecimal digits");
    return;
  }
  digits();
  token_.kind = Token::Kind::integer;
  if (at(".")) {
    token_.kind = Token::Kind::real;
    ++at_;
    digits();
  }
  if (at("eE")) {
    token_.kind = Token::Kind::real;
    ++at_;
    if (at("+-")) ++at_;
    if (!digits()) fail(start, "the exponent has no digits");
  }
  token_.text = text_.substr(start, at_ - start);
  if (token_.kind != Token::Kind::integer) return;
  for (const char c : token_.text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (__builtin_mul_overflow(token_.integer, std::uint64_t{10}, &token_.integer) ||
        __builtin_add_overflow(token_.integer, digit, &token_.integer)) {
      fail(start, "the integer does not fit in 64 bits");
    }
  }
}

void Lexer::lex_value() {
  const std::size_t start = at_++;
  token_.kind = Token::Kind::value;
  if (at_ < text_.size() && text_[at_] == '"') {
    token_.quoted = true;
    lex_string();
  } else {
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    token_.text = text_.substr(start + 1, at_ - start - 1);
    if (token_.text.empty()) fail(start, "'%' must be followed by a value's name");
  }
  if (at_ + 1 < text_.size() && text_[at_] == '~' && is_digit(text_[at_ + 1])) {
    ++at_;
    const std::size_t first = at_;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      if (at_ - first >= 9) fail(first, "the number after '~' is too large");
      token_.integer = token_.integer * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
    }
  }
}

bool is_identifier(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), is_name_char);
}

std::string identifier_or_quoted(std::string_view text) {
  return is_identifier(text) ? std::string(text) : quote_literal(text);
}

}  // namespace tenon
