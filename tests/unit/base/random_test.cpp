#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace tenon {
namespace {

// Reference values computed from the definitions with arbitrary-precision arithmetic. Stored digests depend
// on them.
TEST(Random, TheSequenceIsFixed) {
  std::uint64_t state = 0;
  EXPECT_EQ(splitmix64(state), 0xE220A8397B1DCDAFu);
  EXPECT_EQ(splitmix64(state), 0x6E789E6AA1B965F4u);
  Random random(42);
  std::array<std::uint32_t, 4> draws = {};
  for (std::uint32_t& draw : draws) draw = random();
  EXPECT_EQ(draws, (std::array<std::uint32_t, 4>{0xC754F975u, 0x2EBBEFF8u, 0xB3BBA67Au, 0xB373DA0Cu}));
}

TEST(Random, DifferentSeedsDiffer) {
  Random a(1);
  Random b(2);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) equal += a() == b() ? 1 : 0;
  EXPECT_LT(equal, 3);
}

TEST(Random, StaysWithinItsBoundsAndReachesThem) {
  Random random(7);
  std::array<int, 5> histogram = {};
  for (int i = 0; i < 50000; ++i) {
    const std::int64_t value = random.between(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    ++histogram[static_cast<std::size_t>(value + 2)];
    const float real = random.uniform();
    ASSERT_GE(real, 0.0f);
    ASSERT_LT(real, 1.0f);
  }
  // Each count is binomial (50000, 1/5): standard deviation 89, so six of them is out of reach.
  for (const int count : histogram) EXPECT_NEAR(count, 10000, 6 * 89);
  EXPECT_EQ(random.below(1), 0u);
}

}  // namespace
}  // namespace tenon
