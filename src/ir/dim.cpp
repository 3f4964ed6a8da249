#include "ir/dim.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"
#include "ir/dim_expr.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace tenon {

namespace {

using Atom = Dim::Expr::Atom;
using Term = Dim::Expr::Term;
using Terms = Dim::Expr::Terms;

// An expression of more parts than this is of no use to anyone and becomes unknown.
constexpr std::size_t kMaxSize = 512;

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  TENON_REQUIRE(!__builtin_add_overflow(a, b, &result), "overflow in the dimension {} + {}", a, b);
  return result;
}

std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  TENON_REQUIRE(!__builtin_mul_overflow(a, b, &result), "overflow in the dimension {} * {}", a, b);
  return result;
}

std::int64_t checked_floor_div(std::int64_t a, std::int64_t b) {
  TENON_REQUIRE(b != 0, "division of the dimension {} by zero", a);
  if (b == -1) return checked_mul(a, -1);
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::int64_t checked_ceil_div(std::int64_t a, std::int64_t b) {
  TENON_REQUIRE(b != 0, "division of the dimension {} by zero", a);
  if (b == -1) return checked_mul(a, -1);
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) == (b < 0) ? quotient + 1 : quotient;
}

int degree(const Term& term) {
  int sum = 0;
  for (const auto& factor : term.factors) sum += factor.power;
  return sum;
}

// Graded lexicographic order, largest first: an admissible order, which polynomial division needs.
int compare_monomials(const Term& a, const Term& b) {
  if (const int d = degree(b) - degree(a); d != 0) return d;
  const std::size_t count = std::min(a.factors.size(), b.factors.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const int order = compare(*a.factors[i].atom, *b.factors[i].atom); order != 0) return order;
    if (const int p = b.factors[i].power - a.factors[i].power; p != 0) return p;
  }
  return static_cast<int>(b.factors.size()) - static_cast<int>(a.factors.size());
}

// Sorts, merges equal monomials and drops zeros.
void normalize(Terms& terms) {
  std::sort(terms.begin(), terms.end(),
            [](const Term& a, const Term& b) { return compare_monomials(a, b) < 0; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (kept > 0 && compare_monomials(terms[kept - 1], terms[i]) == 0) {
      terms[kept - 1].coefficient = checked_add(terms[kept - 1].coefficient, terms[i].coefficient);
      continue;
    }
    if (kept > 0 && terms[kept - 1].coefficient == 0) --kept;
    if (kept != i) terms[kept] = std::move(terms[i]);
    ++kept;
  }
  if (kept > 0 && terms[kept - 1].coefficient == 0) --kept;
  terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(kept), terms.end());
}

Term multiply(const Term& a, const Term& b) {
  Term product{checked_mul(a.coefficient, b.coefficient), {}};
  auto left = a.factors.begin();
  auto right = b.factors.begin();
  while (left != a.factors.end() || right != b.factors.end()) {
    const int order = left == a.factors.end()    ? 1
                      : right == b.factors.end() ? -1
                                                 : compare(*left->atom, *right->atom);
    if (order < 0) {
      product.factors.push_back(*left++);
    } else if (order > 0) {
      product.factors.push_back(*right++);
    } else {
      product.factors.push_back({left->atom, left->power + right->power});
      ++left;
      ++right;
    }
  }
  return product;
}

// a / b when the monomial of b divides the one of a and so does the coefficient.
std::optional<Term> divide(const Term& a, const Term& b) {
  if (b.coefficient == -1 ? a.coefficient == std::numeric_limits<std::int64_t>::min()
                          : a.coefficient % b.coefficient != 0) {
    return std::nullopt;
  }
  Term quotient{a.coefficient / b.coefficient, {}};
  auto divisor = b.factors.begin();
  for (const auto& factor : a.factors) {
    if (divisor == b.factors.end() || compare(*factor.atom, *divisor->atom) != 0) {
      quotient.factors.push_back(factor);
      continue;
    }
    if (factor.power < divisor->power) return std::nullopt;
    if (factor.power > divisor->power)
      quotient.factors.push_back({factor.atom, factor.power - divisor->power});
    ++divisor;
  }
  if (divisor != b.factors.end()) return std::nullopt;
  return quotient;
}

// The only atom of a dim of the form `atom + constant`, and that constant.
std::optional<std::pair<const Atom*, std::int64_t>> as_shifted_atom(const Dim& dim) {
  const Terms terms = Dim::Expr::terms(dim);
  if (terms.empty() || terms.size() > 2) return std::nullopt;
  const Term& first = terms.front();
  if (first.coefficient != 1 || first.factors.size() != 1 || first.factors.front().power != 1)
    return std::nullopt;
  if (terms.size() == 2 && !terms.back().factors.empty()) return std::nullopt;
  return std::pair(first.factors.front().atom.get(), terms.size() == 2 ? terms.back().coefficient : 0);
}

Dim make_atom(Atom::Kind kind, const Dim& a, const Dim& b) { return Dim::Expr::from_atom(kind, "", a, b); }

// floor_div by a positive constant. Uses floor((m*x + r) / m) = x + floor(r / m), floor(g*x + c / g*m) =
// floor((x + floor(c / g)) / m) and floor((floor(x / m) + c) / n) = floor((x + c*m) / (m*n)).
Dim floor_div_const(const Dim& a, std::int64_t divisor) {
  if (divisor == 1) return a;
  Terms whole;
  Terms rest;
  std::int64_t constant = 0;
  std::int64_t common = divisor;
  for (const Term& term : Dim::Expr::terms(a)) {
    if (term.factors.empty()) {
      constant = term.coefficient;
    } else if (term.coefficient % divisor == 0) {
      whole.push_back({term.coefficient / divisor, term.factors});
    } else {
      std::int64_t x = common;
      std::int64_t y = term.coefficient % divisor;
      while (y != 0) {
        const std::int64_t t = x % y;
        x = y;
        y = t;
      }
      common = x < 0 ? -x : x;
      rest.push_back(term);
    }
  }
  const std::int64_t outside = checked_floor_div(constant, divisor);
  constant -= outside * divisor;
  Dim sum = Dim::Expr::make(std::move(whole)) + Dim(outside);
  if (rest.empty()) return sum;

  for (Term& term : rest) term.coefficient /= common;
  divisor /= common;
  constant = checked_floor_div(constant, common);
  const Dim inner = Dim::Expr::make(std::move(rest)) + Dim(constant);
  if (divisor == 1) return sum + inner;
  if (const auto shifted = as_shifted_atom(inner); shifted && shifted->first->kind == Atom::Kind::floor_div) {
    const Atom& nested = *shifted->first;
    std::int64_t merged = 0;
    std::int64_t moved = 0;
    if (nested.b.is_const() && nested.b.value() > 0 &&
        !__builtin_mul_overflow(nested.b.value(), divisor, &merged) &&
        !__builtin_mul_overflow(nested.b.value(), shifted->second, &moved)) {
      return sum + floor_div_const(nested.a + Dim(moved), merged);
    }
  }
  return sum + make_atom(Atom::Kind::floor_div, inner, Dim(divisor));
}

int compare_dims(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown())
    return static_cast<int>(a.is_unknown()) - static_cast<int>(b.is_unknown());
  const Terms x = Dim::Expr::terms(a);
  const Terms y = Dim::Expr::terms(b);
  const std::size_t count = std::min(x.size(), y.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const int order = compare_monomials(x[i], y[i]); order != 0) return order;
    if (x[i].coefficient != y[i].coefficient) return x[i].coefficient < y[i].coefficient ? -1 : 1;
  }
  return static_cast<int>(x.size()) - static_cast<int>(y.size());
}

const Atom* as_atom(const Dim& dim, Atom::Kind kind) {
  const auto shifted = as_shifted_atom(dim);
  return shifted && shifted->second == 0 && shifted->first->kind == kind ? shifted->first : nullptr;
}

// Flattens nested minima (or maxima), drops operands that another one always beats, and nests the sorted rest
// to the right.
Dim extremum(Atom::Kind kind, const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  std::vector<Dim> pending{b, a};
  std::vector<Dim> operands;
  while (!pending.empty()) {
    const Dim dim = std::move(pending.back());
    pending.pop_back();
    if (const Atom* atom = as_atom(dim, kind)) {
      pending.push_back(atom->b);
      pending.push_back(atom->a);
      continue;
    }
    bool beaten = false;
    for (std::size_t i = 0; i < operands.size() && !beaten;) {
      const Dim difference = operands[i] - dim;
      if (!difference.is_const()) {
        ++i;
      } else if ((kind == Atom::Kind::min) == (difference.value() <= 0)) {
        beaten = true;
      } else {
        operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (!beaten) operands.push_back(dim);
    if (operands.size() > kMaxSize) return Dim::unknown();
  }
  std::sort(operands.begin(), operands.end(),
            [](const Dim& x, const Dim& y) { return compare_dims(x, y) < 0; });
  Dim result = operands.back();
  for (std::size_t i = operands.size() - 1; i-- > 0;) result = make_atom(kind, operands[i], result);
  return result;
}

}  // namespace

int compare(const Atom& a, const Atom& b) {
  if (&a == &b) return 0;
  if (a.kind != b.kind) return static_cast<int>(a.kind) - static_cast<int>(b.kind);
  if (a.kind == Atom::Kind::symbol) return a.name.compare(b.name);
  if (const int order = compare_dims(a.a, b.a); order != 0) return order;
  return compare_dims(a.b, b.b);
}

Terms Dim::Expr::terms(const Dim& dim) {
  if (dim.expr_ != nullptr) return dim.expr_->polynomial;
  if (dim.value_ == 0) return {};
  return {Term{dim.value_, {}}};
}

Dim Dim::Expr::make(Terms terms) {
  if (terms.empty()) return Dim(0);
  if (terms.size() == 1 && terms.front().factors.empty()) return Dim(terms.front().coefficient);
  Expr expr;
  Hasher hasher;
  for (const Term& term : terms) {
    hasher.add(term.coefficient);
    ++expr.size;
    for (const Factor& factor : term.factors) {
      hasher.add(factor.atom->hash).add(factor.power);
      expr.size += factor.atom->size;
    }
  }
  if (expr.size > kMaxSize) return Dim::unknown();
  expr.hash = hasher.value();
  expr.polynomial = std::move(terms);
  Dim dim;
  dim.expr_ = std::make_shared<const Expr>(std::move(expr));
  return dim;
}

Dim Dim::Expr::from_atom(Atom::Kind kind, std::string name, const Dim& a, const Dim& b) {
  Atom atom{kind, std::move(name), a, b, 0, 1};
  atom.hash = Hasher().add(kind).add(atom.name).add(a.hash()).add(b.hash()).value();
  atom.size = 1 + (a.expr_ ? a.expr_->size : 1) + (b.expr_ ? b.expr_->size : 1);
  return make({Term{1, {{std::make_shared<const Atom>(std::move(atom)), 1}}}});
}

Dim Dim::symbol(std::string name) {
  return Expr::from_atom(Atom::Kind::symbol, std::move(name), Dim(0), Dim(0));
}

Dim Dim::unknown() noexcept {
  Dim dim;
  dim.unknown_ = true;
  return dim;
}

std::int64_t Dim::value() const {
  TENON_CHECK(is_const(), "the value of the dimension {} is not known", to_string());
  return value_;
}

const std::string* Dim::symbol_name() const noexcept {
  if (expr_ == nullptr || expr_->polynomial.size() != 1) return nullptr;
  const Term& term = expr_->polynomial.front();
  if (term.coefficient != 1 || term.factors.size() != 1 || term.factors.front().power != 1) return nullptr;
  const Atom& atom = *term.factors.front().atom;
  return atom.kind == Atom::Kind::symbol ? &atom.name : nullptr;
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  if (a.is_const() && b.is_const()) return Dim(checked_add(a.value_, b.value_));
  Terms terms = Dim::Expr::terms(a);
  for (Term& term : Dim::Expr::terms(b)) terms.push_back(std::move(term));
  normalize(terms);
  return Dim::Expr::make(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  if (a.is_const() && b.is_const()) {
    std::int64_t result = 0;
    TENON_REQUIRE(!__builtin_sub_overflow(a.value_, b.value_, &result), "overflow in the dimension {} - {}",
                  a.value_, b.value_);
    return Dim(result);
  }
  return a + b * Dim(-1);
}

Dim operator*(const Dim& a, const Dim& b) {
  if (a.is_const(0) || b.is_const(0)) return Dim(0);
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  if (a.is_const() && b.is_const()) return Dim(checked_mul(a.value_, b.value_));
  const Terms left = Dim::Expr::terms(a);
  const Terms right = Dim::Expr::terms(b);
  if (left.size() * right.size() > kMaxSize) return Dim::unknown();
  Terms terms;
  terms.reserve(left.size() * right.size());
  for (const Term& x : left) {
    for (const Term& y : right) {
      Term product = multiply(x, y);
      if (degree(product) > static_cast<int>(kMaxSize)) return Dim::unknown();
      terms.push_back(std::move(product));
    }
  }
  normalize(terms);
  return Dim::Expr::make(std::move(terms));
}

std::optional<Dim> exact_div(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown() || b.is_const(0)) return std::nullopt;
  const Terms divisor = Dim::Expr::terms(b);
  Terms remainder = Dim::Expr::terms(a);
  Terms quotient;
  while (!remainder.empty()) {
    const auto term = divide(remainder.front(), divisor.front());
    if (!term || quotient.size() >= kMaxSize || remainder.size() > 2 * kMaxSize) return std::nullopt;
    for (const Term& part : divisor) {
      Term product = multiply(*term, part);
      product.coefficient = checked_mul(product.coefficient, -1);
      remainder.push_back(std::move(product));
    }
    normalize(remainder);
    quotient.push_back(*term);
  }
  normalize(quotient);
  return Dim::Expr::make(std::move(quotient));
}

Dim floor_div(const Dim& a, const Dim& b) {
  TENON_REQUIRE(!b.is_const(0), "division of the dimension {} by zero", a.to_string());
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  if (a.is_const() && b.is_const()) return Dim(checked_floor_div(a.value_, b.value_));
  if (auto quotient = exact_div(a, b)) return *std::move(quotient);
  if (!b.is_const()) return make_atom(Atom::Kind::floor_div, a, b);
  if (b.value_ > 0) return floor_div_const(a, b.value_);
  return floor_div_const(a * Dim(-1), checked_mul(b.value_, -1));
}

Dim ceil_div(const Dim& a, const Dim& b) {
  TENON_REQUIRE(!b.is_const(0), "division of the dimension {} by zero", a.to_string());
  if (a.is_unknown() || b.is_unknown()) return Dim::unknown();
  if (a.is_const() && b.is_const()) return Dim(checked_ceil_div(a.value_, b.value_));
  if (auto quotient = exact_div(a, b)) return *std::move(quotient);
  if (!b.is_const()) return make_atom(Atom::Kind::ceil_div, a, b);
  if (b.value_ < 0) return ceil_div(a * Dim(-1), Dim(checked_mul(b.value_, -1)));
  return floor_div_const(a + Dim(b.value_ - 1), b.value_);
}

Dim min(const Dim& a, const Dim& b) { return extremum(Atom::Kind::min, a, b); }

Dim max(const Dim& a, const Dim& b) { return extremum(Atom::Kind::max, a, b); }

bool operator==(const Dim& a, const Dim& b) noexcept {
  if (a.unknown_ || b.unknown_) return a.unknown_ == b.unknown_;
  if (a.expr_ == b.expr_) return a.value_ == b.value_;
  if (a.expr_ == nullptr || b.expr_ == nullptr || a.expr_->hash != b.expr_->hash) return false;
  const Terms& x = a.expr_->polynomial;
  const Terms& y = b.expr_->polynomial;
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const Term& s, const Term& t) {
    return s.coefficient == t.coefficient && compare_monomials(s, t) == 0;
  });
}

std::uint64_t Dim::hash() const noexcept {
  if (expr_ != nullptr) return expr_->hash;
  return Hasher().add(unknown_).add(value_).value();
}

std::optional<std::int64_t> Dim::eval(const SymbolValues& symbols) const {
  if (unknown_) return std::nullopt;
  if (expr_ == nullptr) return value_;
  std::int64_t sum = 0;
  for (const Term& term : expr_->polynomial) {
    std::int64_t product = term.coefficient;
    for (const auto& [atom, power] : term.factors) {
      std::int64_t value = 0;
      if (atom->kind == Atom::Kind::symbol) {
        const auto found = symbols.find(atom->name);
        if (found == symbols.end()) return std::nullopt;
        value = found->second;
      } else {
        const auto a = atom->a.eval(symbols);
        const auto b = atom->b.eval(symbols);
        if (!a || !b) return std::nullopt;
        switch (atom->kind) {
          case Atom::Kind::floor_div: value = checked_floor_div(*a, *b); break;
          case Atom::Kind::ceil_div: value = checked_ceil_div(*a, *b); break;
          case Atom::Kind::min: value = std::min(*a, *b); break;
          case Atom::Kind::max: value = std::max(*a, *b); break;
          case Atom::Kind::symbol: break;
        }
      }
      for (int i = 0; i < power; ++i) product = checked_mul(product, value);
    }
    sum = checked_add(sum, product);
  }
  return sum;
}

std::vector<std::string> Dim::symbols() const {
  std::set<std::string> names;
  std::vector<Dim> pending{*this};
  while (!pending.empty()) {
    const Dim dim = std::move(pending.back());
    pending.pop_back();
    if (dim.expr_ == nullptr) continue;
    for (const Term& term : dim.expr_->polynomial) {
      for (const auto& factor : term.factors) {
        if (factor.atom->kind == Atom::Kind::symbol) {
          names.insert(factor.atom->name);
        } else {
          pending.push_back(factor.atom->a);
          pending.push_back(factor.atom->b);
        }
      }
    }
  }
  return {names.begin(), names.end()};
}

Dim Dim::substitute(const std::map<std::string, Dim, std::less<>>& replacements) const {
  if (expr_ == nullptr) return *this;
  Dim sum = 0;
  for (const Term& term : expr_->polynomial) {
    Dim product = term.coefficient;
    for (const auto& [atom, power] : term.factors) {
      Dim value;
      if (atom->kind == Atom::Kind::symbol) {
        const auto found = replacements.find(atom->name);
        value = found == replacements.end() ? symbol(atom->name) : found->second;
      } else {
        const Dim a = atom->a.substitute(replacements);
        const Dim b = atom->b.substitute(replacements);
        switch (atom->kind) {
          case Atom::Kind::floor_div: value = floor_div(a, b); break;
          case Atom::Kind::ceil_div: value = ceil_div(a, b); break;
          case Atom::Kind::min: value = min(a, b); break;
          case Atom::Kind::max: value = max(a, b); break;
          case Atom::Kind::symbol: break;
        }
      }
      for (int i = 0; i < power; ++i) product = product * value;
    }
    sum = sum + product;
  }
  return sum;
}

bool provably_equal(const Dim& a, const Dim& b) noexcept { return !a.is_unknown() && a == b; }

Dim product(const Dims& dims) {
  Dim result = 1;
  for (const Dim& dim : dims) result = result * dim;
  return result;
}

}  // namespace tenon
