// Dim: a tensor dimension as a canonical integer expression over named symbols.
//
// An expression is kept as a polynomial with integer coefficients over atoms; an atom is a symbol or
// floordiv(a, b), ceildiv(a, b), min(a, b), max(a, b) of canonical expressions. Two expressions that are
// equal as polynomials over the same atoms compare equal: N*2 + N == 3*N, and (H + 2) - 2 == H. Text: "3*N +
// 1", "floordiv(H + 1, 2)", "?" for unknown.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct Interval {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool operator==(const Interval&) const = default;
};

using SymbolRanges = std::map<std::string, Interval, std::less<>>;
using SymbolValues = std::map<std::string, std::int64_t, std::less<>>;

class Dim {
 public:
  Dim(std::int64_t value = 0) noexcept
      : value_(value) {}  // NOLINT(google-explicit-constructor): dims read as numbers
  static Dim symbol(std::string name);
  static Dim unknown() noexcept;

  bool is_unknown() const noexcept { return unknown_; }
  bool is_const() const noexcept { return !unknown_ && expr_ == nullptr; }
  bool is_const(std::int64_t value) const noexcept { return is_const() && value_ == value; }
  std::int64_t value() const;                       // InternalError unless is_const()
  const std::string* symbol_name() const noexcept;  // when the whole expression is one symbol, else null

  // Any operation with an unknown is unknown (except multiplication by the constant 0). Constant arithmetic
  // that overflows, and division by a constant 0, throw ModelError.
  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim floor_div(const Dim& a, const Dim& b);
  friend Dim ceil_div(const Dim& a, const Dim& b);
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);

  // Exact quotient when `b` divides `a` as polynomials (12*N*C / (4*N) == 3*C), else nothing.
  friend std::optional<Dim> exact_div(const Dim& a, const Dim& b);

  // Structural equality; unknown equals unknown.
  friend bool operator==(const Dim& a, const Dim& b) noexcept;
  std::uint64_t hash() const noexcept;

  // The value under `symbols`; nothing when unknown or a symbol is unbound. ModelError on overflow.
  std::optional<std::int64_t> eval(const SymbolValues& symbols) const;

  // Bounds of the value while each symbol stays in its range (missing symbols: [0, max]). Saturates.
  Interval interval(const SymbolRanges& ranges) const;

  // Sorted, unique names.
  std::vector<std::string> symbols() const;
  Dim substitute(const std::map<std::string, Dim, std::less<>>& replacements) const;

  std::string to_string() const;
  // ModelError with the column of the first character that does not fit.
  static Dim parse(std::string_view text);

  struct Expr;  // canonical polynomial; defined in dim.cpp

 private:
  std::int64_t value_ = 0;
  bool unknown_ = false;
  std::shared_ptr<const Expr> expr_;  // null for constants and unknown
};

using Dims = std::vector<Dim>;

// Equal and known: safe to conclude that the two are the same number.
bool provably_equal(const Dim& a, const Dim& b) noexcept;

Dim product(const Dims& dims);

}  // namespace tenon
