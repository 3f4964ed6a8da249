#include "ir/dim.hpp"

#include "base/random.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace tenon {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

Dim dim(std::string_view text) { return Dim::parse(text); }

TEST(Dim, CanonicalFormsAreEqual) {
  EXPECT_EQ(dim("N*2 + N"), dim("3*N"));
  EXPECT_EQ(dim("(H + 2) - 2"), dim("H"));
  EXPECT_EQ(dim("(N + 1)*(N - 1)"), dim("N*N - 1"));
  EXPECT_EQ(dim("floordiv(4*N + H + 5, 2)"), dim("2*N + 2 + floordiv(H + 1, 2)"));
  EXPECT_EQ(dim("floordiv(floordiv(H, 2) + 1, 2)"), dim("floordiv(H + 2, 4)"));
  EXPECT_EQ(dim("floordiv(2*H + 1, 4)"), dim("floordiv(H, 2)"));
  EXPECT_EQ(dim("ceildiv(H, 2)"), dim("floordiv(H + 1, 2)"));
  EXPECT_EQ(dim("floordiv(N*C, N)"), dim("C"));
  EXPECT_EQ(dim("min(N, N + 3)"), dim("N"));
  EXPECT_EQ(dim("max(max(A, B), C)"), dim("max(C, max(B, A))"));
  EXPECT_EQ(dim("max(max(A, B), A + 1)"), dim("max(B, A + 1)"));
  EXPECT_EQ(dim("0*N"), Dim(0));
  EXPECT_NE(dim("N"), dim("M"));
  EXPECT_NE(dim("floordiv(H, 2)"), dim("ceildiv(H, 2)"));
  EXPECT_EQ(dim("N*2 + N").hash(), dim("3*N").hash());
}

TEST(Dim, PrintsInOneOrder) {
  EXPECT_EQ(dim("1 + N*3").to_string(), "3*N + 1");
  EXPECT_EQ(dim("-1*H - 2 + N*N").to_string(), "N*N - H - 2");
  EXPECT_EQ(dim("floordiv(1 + H, 2)").to_string(), "floordiv(H + 1, 2)");
  EXPECT_EQ(Dim::symbol("batch size").to_string(), "\"batch size\"");
  EXPECT_EQ(Dim(kMin).to_string(), "-9223372036854775808");
  EXPECT_EQ(Dim::unknown().to_string(), "?");
}

TEST(Dim, UnknownIsContagious) {
  const Dim unknown = Dim::unknown();
  EXPECT_TRUE((unknown + 1).is_unknown());
  EXPECT_TRUE(max(unknown, Dim(3)).is_unknown());
  EXPECT_TRUE((unknown * Dim(0)).is_const(0));
  EXPECT_EQ(unknown, Dim::unknown());
  EXPECT_FALSE(provably_equal(unknown, Dim::unknown()));
  EXPECT_TRUE(provably_equal(dim("N + N"), dim("2*N")));
}

TEST(Dim, OverflowAndDivisionByZeroAreErrors) {
  EXPECT_THROW(Dim(kMax) + 1, ModelError);
  EXPECT_THROW(Dim(kMin) - 1, ModelError);
  EXPECT_THROW(Dim(kMax) * 2, ModelError);
  EXPECT_THROW(floor_div(Dim(kMin), Dim(-1)), ModelError);
  EXPECT_THROW(floor_div(Dim(1), Dim(0)), ModelError);
  EXPECT_THROW(floor_div(dim("N"), Dim(0)), ModelError);
  EXPECT_THROW(dim("9223372036854775807*N") * 2, ModelError);
  EXPECT_THROW(dim("N*N").eval({{"N", kMax}}), ModelError);
}

TEST(Dim, ExactDivision) {
  EXPECT_EQ(exact_div(dim("12*N*C"), dim("4*N")), dim("3*C"));
  EXPECT_EQ(exact_div(dim("N*N - 1"), dim("N + 1")), dim("N - 1"));
  EXPECT_EQ(exact_div(dim("6*N + 4"), Dim(2)), dim("3*N + 2"));
  EXPECT_EQ(exact_div(Dim(0), dim("N")), Dim(0));
  EXPECT_EQ(exact_div(dim("N + 1"), Dim(2)), std::nullopt);
  EXPECT_EQ(exact_div(dim("N"), dim("C")), std::nullopt);
  EXPECT_EQ(exact_div(dim("N"), Dim(0)), std::nullopt);
  EXPECT_EQ(exact_div(Dim::unknown(), dim("N")), std::nullopt);
}

TEST(Dim, Substitutes) {
  EXPECT_EQ(dim("floordiv(H + 1, 2)*N").substitute({{"H", Dim(223)}}), dim("112*N"));
  EXPECT_EQ(dim("min(H, W)").substitute({{"H", dim("W + 1")}}), dim("W"));
}

TEST(Dim, BoundsIntervals) {
  const SymbolRanges ranges = {{"N", {1, 8}}, {"H", {32, 224}}};
  EXPECT_EQ(dim("2*N - 3").interval(ranges), (Interval{-1, 13}));
  EXPECT_EQ(dim("floordiv(H + 1, 2)").interval(ranges), (Interval{16, 112}));
  EXPECT_EQ(dim("N*H").interval(ranges), (Interval{32, 1792}));
  EXPECT_EQ(dim("max(N, 4)").interval(ranges), (Interval{4, 8}));
  EXPECT_EQ(dim("X").interval(ranges), (Interval{0, kMax}));
  EXPECT_EQ(dim("2*X + 5").interval(ranges), (Interval{5, kMax}));
  EXPECT_EQ(dim("-1*X").interval(ranges), (Interval{-kMax, 0}));
}

TEST(Dim, LimitsGrowth) {
  Dim grown = dim("A + B + C + D");
  for (int i = 0; i < 12; ++i) grown = grown * grown;
  EXPECT_TRUE(grown.is_unknown());
  Dim nested = dim("A");
  for (int i = 0; i < 2000; ++i)
    nested = min(nested * nested + Dim::symbol("S" + std::to_string(i)), dim("B"));
  EXPECT_TRUE(nested.is_unknown());
}

struct Expression {
  Dim dim;
  std::optional<std::int64_t> value;  // nothing when it divides by zero
};

// A random expression with the value that plain arithmetic gives it.
Expression random_expression(Random& random, const SymbolValues& symbols, int depth) {
  if (depth == 0 || random.one_in(4)) {
    if (random.one_in(3)) {
      const std::int64_t value = random.between(-6, 6);
      return {Dim(value), value};
    }
    auto at = symbols.begin();
    std::advance(at, random.below(static_cast<std::uint32_t>(symbols.size())));
    return {Dim::symbol(at->first), at->second};
  }
  const Expression a = random_expression(random, symbols, depth - 1);
  Expression b = random_expression(random, symbols, depth - 1);
  const std::uint32_t operation = random.below(7);
  if (operation >= 3 && operation < 5 && (b.dim.is_const(0) || !random.one_in(3))) {
    const std::int64_t divisor = random.one_in(4) ? -3 : random.between(1, 5);
    b = {Dim(divisor), divisor};
  }
  const bool known = a.value && b.value;
  const std::int64_t x = a.value.value_or(0);
  const std::int64_t y = b.value.value_or(1);
  const auto result = [&](const Dim& dim, std::int64_t value) {
    return Expression{dim, known ? std::optional(value) : std::nullopt};
  };
  const auto floor = [](std::int64_t p, std::int64_t q) {
    return q == 0 ? 0 : p / q - (p % q != 0 && (p < 0) != (q < 0) ? 1 : 0);
  };
  switch (operation) {
    case 0: return result(a.dim + b.dim, x + y);
    case 1: return result(a.dim - b.dim, x - y);
    case 2: return result(a.dim * b.dim, x * y);
    case 3:
      if (known && y == 0) return {floor_div(a.dim, b.dim), std::nullopt};
      return result(floor_div(a.dim, b.dim), floor(x, y));
    case 4:
      if (known && y == 0) return {ceil_div(a.dim, b.dim), std::nullopt};
      return result(ceil_div(a.dim, b.dim), -floor(-x, y));
    case 5: return result(min(a.dim, b.dim), std::min(x, y));
    default: return result(max(a.dim, b.dim), std::max(x, y));
  }
}

TEST(Dim, RandomExpressionsKeepTheirValue) {
  constexpr std::uint64_t kSeed = 20240517;
  Random random(kSeed);
  int checked = 0;
  for (int i = 0; i < 4000; ++i) {
    SymbolValues symbols;
    for (const char* name : {"A", "B", "C"}) symbols[name] = random.between(-9, 9);
    Expression e;
    try {
      e = random_expression(random, symbols, 4);
    } catch (const ModelError&) {
      continue;  // a division by what turned out to be the constant 0
    }
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(i) + ": " + e.dim.to_string());
    if (e.dim.is_unknown()) continue;
    EXPECT_EQ(Dim::parse(e.dim.to_string()), e.dim);
    if (!e.value) continue;
    std::optional<std::int64_t> value;
    try {
      value = e.dim.eval(symbols);
    } catch (const ModelError&) {
      continue;  // a divisor that cancelled in the plain arithmetic only
    }
    ASSERT_EQ(value, e.value);
    SymbolRanges ranges;
    for (const auto& [name, at] : symbols)
      ranges[name] = {at - random.between(0, 3), at + random.between(0, 3)};
    const Interval bounds = e.dim.interval(ranges);
    EXPECT_LE(bounds.min, *value);
    EXPECT_GE(bounds.max, *value);
    ++checked;
  }
  EXPECT_GT(checked, 2000);
}

TEST(Dim, RingLawsHoldOnRandomExpressions) {
  Random random(7);
  const SymbolValues symbols = {{"A", 1}, {"B", 2}};
  int checked = 0;
  for (int i = 0; i < 500; ++i) {
    try {
      const Dim a = random_expression(random, symbols, 2).dim;
      const Dim b = random_expression(random, symbols, 2).dim;
      const Dim c = random_expression(random, symbols, 2).dim;
      EXPECT_EQ(a + b, b + a);
      EXPECT_EQ(a * b, b * a);
      EXPECT_EQ((a + b) + c, a + (b + c));
      EXPECT_EQ((a * b) * c, a * (b * c));
      EXPECT_EQ(a * (b + c), a * b + a * c);
      EXPECT_EQ(a - a, Dim(0));
      EXPECT_EQ(min(a, b), min(b, a));
      EXPECT_EQ(max(max(a, b), c), max(a, max(b, c)));
      if (!(a * b == Dim(0))) {
        EXPECT_EQ(exact_div(a * b, b), a) << a.to_string() << " / " << b.to_string();
      }
      ++checked;
    } catch (const ModelError&) {
    }
  }
  EXPECT_GT(checked, 250);
}

TEST(Dim, ParseErrorsPointAtTheColumn) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      Dim::parse(text);
    } catch (const ModelError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("N + * 2"),
            "dimension, line 1, column 5: expected a dimension, found '*'\n  N + * 2\n      ^");
  EXPECT_EQ(message("N + 2)"),
            "dimension, line 1, column 6: expected the end of the text, found ')'\n  N + 2)\n       ^");
  EXPECT_NE(message("mod(N, 2)").find("unknown function 'mod'"), std::string::npos);
  EXPECT_NE(message("99999999999999999999").find("does not fit in 64 bits"), std::string::npos);
  EXPECT_NE(message(std::string(10000, '(')).find("nested too deeply"), std::string::npos);
  EXPECT_NE(message(std::string(10000, '-') + "1").find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace tenon
