// Bounds of Dims by interval arithmetic.
#include "ir/dim_expr.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace {

using Atom = Dim::Expr::Atom;
__extension__ using Wide = __int128;

// Beyond 64 bits so that sums of saturated products stay exact enough: a bound is cut to 64 bits only at the
// end.
constexpr Wide kWideMax = Wide{1} << 100;

struct WideInterval {
  Wide min = 0;
  Wide max = 0;
};

Wide saturate(Wide value) { return std::clamp(value, -kWideMax, kWideMax); }

Wide multiply_saturated(Wide a, Wide b) {
  Wide product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return saturate(product);
  return (a < 0) == (b < 0) ? kWideMax : -kWideMax;
}

WideInterval multiply(const WideInterval& a, const WideInterval& b) {
  const Wide corners[] = {multiply_saturated(a.min, b.min), multiply_saturated(a.min, b.max),
                          multiply_saturated(a.max, b.min), multiply_saturated(a.max, b.max)};
  return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
}

Wide floor_quotient(Wide a, Wide b) {
  const Wide quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

Wide ceil_quotient(Wide a, Wide b) { return -floor_quotient(-a, b); }

WideInterval divide(const WideInterval& a, const WideInterval& b, bool ceil) {
  if (b.min <= 0 && b.max >= 0) {
    // The divisor is an integer other than 0, so the quotient is not larger than the dividend.
    const Wide bound = std::max(a.max < 0 ? -a.max : a.max, a.min < 0 ? -a.min : a.min);
    if (b.min == 0) return {std::min<Wide>(a.min, 0), std::max<Wide>(a.max, 0)};
    return {-bound, bound};
  }
  Wide corners[4];
  std::size_t i = 0;
  for (const Wide x : {a.min, a.max}) {
    for (const Wide y : {b.min, b.max}) corners[i++] = ceil ? ceil_quotient(x, y) : floor_quotient(x, y);
  }
  return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
}

WideInterval bounds(const Dim& dim, const SymbolRanges& ranges);

WideInterval bounds(const Atom& atom, const SymbolRanges& ranges) {
  if (atom.kind == Atom::Kind::symbol) {
    const auto found = ranges.find(atom.name);
    const Interval range = found == ranges.end() ? Interval{} : found->second;
    return {range.min, range.max};
  }
  const WideInterval a = bounds(atom.a, ranges);
  const WideInterval b = bounds(atom.b, ranges);
  switch (atom.kind) {
    case Atom::Kind::min: return {std::min(a.min, b.min), std::min(a.max, b.max)};
    case Atom::Kind::max: return {std::max(a.min, b.min), std::max(a.max, b.max)};
    default: return divide(a, b, atom.kind == Atom::Kind::ceil_div);
  }
}

WideInterval bounds(const Dim& dim, const SymbolRanges& ranges) {
  if (dim.is_unknown()) return {0, std::numeric_limits<std::int64_t>::max()};
  WideInterval sum;
  for (const auto& term : Dim::Expr::terms(dim)) {
    WideInterval product{term.coefficient, term.coefficient};
    for (const auto& factor : term.factors) {
      const WideInterval base = bounds(*factor.atom, ranges);
      WideInterval power = base;
      for (int i = 1; i < factor.power; ++i) power = multiply(power, base);
      // An even power is not negative, whatever the signs of its base's corners.
      if (factor.power % 2 == 0 && base.min < 0 && base.max > 0) power.min = 0;
      product = multiply(product, power);
    }
    sum = {saturate(sum.min + product.min), saturate(sum.max + product.max)};
  }
  return sum;
}

}  // namespace

Interval Dim::interval(const SymbolRanges& ranges) const {
  const WideInterval wide = bounds(*this, ranges);
  const auto narrow = [](Wide value) {
    return static_cast<std::int64_t>(std::clamp<Wide>(value, std::numeric_limits<std::int64_t>::min(),
                                                      std::numeric_limits<std::int64_t>::max()));
  };
  return {narrow(wide.min), narrow(wide.max)};
}

}  // namespace tenon
