#include "base/hash.hpp"

#include "base/function_ref.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tenon {
namespace {

// Values of XXH3 with seed 0 for empty input, as its specification states them: they are stored in files and
// must not change.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(hash64("", 0), 0x2D06800538D394C2u);
  EXPECT_EQ(hash128("", 0).hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(hash64("a"), hash64("b"));
}

TEST(Hasher, OrderAndBoundariesCount) {
  const auto of = [](auto... parts) {
    Hasher hasher;
    (hasher.add(parts), ...);
    return hasher.value();
  };
  EXPECT_EQ(of(1, 2), of(1, 2));
  EXPECT_NE(of(1, 2), of(2, 1));
  EXPECT_NE(of(0), of(0, 0));
  EXPECT_NE(of("ab", "c"), of("a", "bc"));
  EXPECT_NE(of(0.0f), of(-0.0f));
  EXPECT_EQ(of(std::numeric_limits<double>::quiet_NaN()), of(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_NE(of(std::vector<int>{1}, std::vector<int>{}), of(std::vector<int>{}, std::vector<int>{1}));
  EXPECT_EQ(of(std::string("x")), of("x"));
}

int twice(int x) { return 2 * x; }

TEST(FunctionRef, RefersToLambdasFunctionsAndMutableObjects) {
  int calls = 0;
  const auto use = [](FunctionRef<int(int)> f) { return f(20); };
  EXPECT_EQ(use([&](int x) { return x + ++calls; }), 21);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(use(twice), 40);
  struct Accumulator {
    int sum = 0;
    int operator()(int x) { return sum += x; }
  } accumulator;
  use(accumulator);
  use(accumulator);
  EXPECT_EQ(accumulator.sum, 40);
}

}  // namespace
}  // namespace tenon
