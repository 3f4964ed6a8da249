// SymbolicDim: a dimension as an expression over named symbols, in text form.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

// A number, an expression such as "N", "3*H + 1" or "floordiv(H + 1, 2)", or "?" where nothing is known
// before running. Symbols of one name are one number. Whoever takes a dim checks the text: ModelError for one
// that is no expression, or overflows.
class SymbolicDim {
 public:
  // NOLINTBEGIN(google-explicit-constructor): dims read as numbers and names
  SymbolicDim(std::integral auto value) : text_(std::to_string(value)) {}
  SymbolicDim(std::string expression) : text_(std::move(expression)) {}
  SymbolicDim(const char* expression) : text_(expression) {}
  // NOLINTEND(google-explicit-constructor)
  static SymbolicDim unknown() { return {"?"}; }

  const std::string& text() const noexcept { return text_; }
  bool is_unknown() const noexcept { return text_ == "?"; }
  // The number when the text is one.
  std::optional<std::int64_t> value() const noexcept {
    constexpr std::size_t kDigits = 18;  // what fits for certain
    const bool negative = text_.starts_with('-');
    const std::string_view digits = std::string_view(text_).substr(negative ? 1 : 0);
    if (digits.empty() || digits.size() > kDigits) return std::nullopt;
    std::int64_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    return negative ? -number : number;
  }

  // What has an unknown part is unknown.
  friend SymbolicDim operator+(const SymbolicDim& a, const SymbolicDim& b) { return infix(a, '+', b); }
  friend SymbolicDim operator-(const SymbolicDim& a, const SymbolicDim& b) { return infix(a, '-', b); }
  friend SymbolicDim operator*(const SymbolicDim& a, const SymbolicDim& b) { return infix(a, '*', b); }
  friend SymbolicDim floor_div(const SymbolicDim& a, const SymbolicDim& b) { return call("floordiv", a, b); }
  friend SymbolicDim ceil_div(const SymbolicDim& a, const SymbolicDim& b) { return call("ceildiv", a, b); }
  friend SymbolicDim min(const SymbolicDim& a, const SymbolicDim& b) { return call("min", a, b); }
  friend SymbolicDim max(const SymbolicDim& a, const SymbolicDim& b) { return call("max", a, b); }

 private:
  static SymbolicDim infix(const SymbolicDim& a, char op, const SymbolicDim& b) {
    if (a.is_unknown() || b.is_unknown()) return unknown();
    return {"(" + a.text_ + ")" + op + "(" + b.text_ + ")"};
  }
  static SymbolicDim call(const char* function, const SymbolicDim& a, const SymbolicDim& b) {
    if (a.is_unknown() || b.is_unknown()) return unknown();
    return {std::string(function) + "(" + a.text_ + ", " + b.text_ + ")"};
  }

  std::string text_;
};

using SymbolicDims = std::vector<SymbolicDim>;

}  // namespace tenon
