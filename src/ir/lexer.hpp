// Tokens of the textual IR, and error messages that point at them. Dims, types, pointwise programs and whole
// graphs are read through one Lexer.
//
//   identifier   [A-Za-z_][A-Za-z0-9_.]*
//   value        %[A-Za-z0-9_.]+ or %"any name", then ~<n> for the n-th further value with that name hint
//   integer      [0-9]+                       (signs are punctuation)
//   real         1.5, 2.0e-7                  (inf and nan are identifiers)
//   string       "text", see quote_literal() in base/text.hpp
//   hash         #<hexadecimal digits>
//   punctuation  any other character
// Blanks, line ends and comments from // to the end of the line separate tokens.
#pragma once

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon {

struct Token {
  enum class Kind : std::uint8_t { end, identifier, value, integer, real, string, hash, punctuation };
  Kind kind = Kind::end;
  std::size_t offset = 0;
  std::string_view source;    // as written
  std::string text;           // of identifiers, hashes and reals; unquoted for strings and value names
  std::uint64_t integer = 0;  // of an integer; of a value the number after '~'
  bool quoted = false;        // value: the name was quoted

  bool is(char c) const noexcept { return kind == Kind::punctuation && source.front() == c; }
  bool is(std::string_view word) const noexcept { return kind == Kind::identifier && source == word; }
};

// A ModelError that already says where in the text.
class LexError final : public ModelError {
 public:
  using ModelError::ModelError;
};

class Lexer {
 public:
  // `text` must outlive the lexer. Errors start with `what`, e.g. "type" or a file name.
  Lexer(std::string_view text, std::string what);

  const Token& peek() const noexcept { return token_; }
  Token next();
  bool at_end() const noexcept { return token_.kind == Token::Kind::end; }

  bool accept(char c);
  bool accept(std::string_view word);
  void expect(char c);
  void expect(std::string_view word);
  void expect_end();
  Token expect(Token::Kind kind, std::string_view what);
  std::int64_t expect_signed_integer();

  // Bounds recursion of the parsers above: throws when more than kMaxDepth scopes are open.
  class Nesting {
   public:
    explicit Nesting(Lexer& lexer);
    ~Nesting() { --lexer_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Lexer& lexer_;
  };

  // LexError "<what>, line 3, column 14: message", the line, and a caret under the column.
  [[noreturn]] void fail(std::size_t offset, const std::string& message) const;
  [[noreturn]] void fail(const std::string& message) const { fail(token_.offset, message); }
  [[noreturn]] void fail_expected(std::string_view expected) const;

 private:
  static constexpr int kMaxDepth = 128;

  void advance();
  void skip_blanks();
  void lex_string();
  void lex_number();
  void lex_value();

  std::string_view text_;
  std::string what_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Token token_;
};

bool is_identifier(std::string_view text) noexcept;

// The text as it is when it is an identifier, else quoted.
std::string identifier_or_quoted(std::string_view text);

}  // namespace tenon
