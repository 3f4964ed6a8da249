// The canonical form behind Dim: a sum of terms, largest monomial first, each an integer times a product of
// powers of atoms in increasing order. Private to dim*.cpp.
#pragma once

#include "ir/dim.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tenon {

struct Dim::Expr {
  struct Atom {
    enum class Kind : std::uint8_t { symbol, floor_div, ceil_div, min, max };
    Kind kind = Kind::symbol;
    std::string name;  // of a symbol
    Dim a, b;          // of the others
    std::uint64_t hash = 0;
    std::size_t size = 1;
  };
  struct Factor {
    std::shared_ptr<const Atom> atom;
    int power = 1;
  };
  struct Term {
    std::int64_t coefficient = 1;
    std::vector<Factor> factors;
  };
  using Terms = std::vector<Term>;

  Terms polynomial;
  std::uint64_t hash = 0;
  std::size_t size = 0;  // parts, those of nested expressions included

  static Terms terms(const Dim& dim);  // of a known dim
  static Dim make(Terms terms);        // of normalized terms
  static Dim from_atom(Atom::Kind kind, std::string name, const Dim& a, const Dim& b);
};

// Structural order: negative, zero or positive.
int compare(const Dim::Expr::Atom& a, const Dim::Expr::Atom& b);

}  // namespace tenon
