// Tallies against counting the clamped values themselves.
#include "base/random.hpp"
#include "unit/quant/observing.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace tenon::quant {
namespace {

using test::Batches;
using test::kFree;

Batches clamped(Batches batches, float low, float high) {
  for (auto& batch : batches) {
    for (float& x : batch) x = std::clamp(x, low, high);
  }
  return batches;
}

void expect_same(const CalibratedTensor& a, const CalibratedTensor& b) {
  EXPECT_EQ(a.elements, b.elements);
  EXPECT_EQ(a.min, b.min);
  EXPECT_EQ(a.max, b.max);
  EXPECT_EQ(std::signbit(a.min), std::signbit(b.min));
  EXPECT_EQ(std::signbit(a.max), std::signbit(b.max));
  EXPECT_EQ(a.histogram.width, b.histogram.width);
  EXPECT_EQ(a.histogram, b.histogram);
}

Tally tally_of(const Batches& batches, float cap) {
  PlainCounter counter;
  Tally tally(cap);
  for (const auto& batch : batches) EXPECT_TRUE(tally.add(batch, counter));
  return tally;
}

CalibratedTensor poured(Tally& tally, float low, float high) {
  CalibratedTensor tensor;
  tensor.name = "x";
  tally.pour(tensor, low, high);
  return tensor;
}

// Batches of several magnitudes, lopsided, with zeros of both signs.
Batches lopsided(Random& random) {
  Batches batches(1 + random.below(5));
  const float below = std::ldexp(1.0F, static_cast<int>(random.below(10)) - 5);
  const float above = std::ldexp(1.0F, static_cast<int>(random.below(10)) - 5);
  for (auto& batch : batches) {
    batch.resize(random.below(200));
    const float grow = std::ldexp(1.0F, static_cast<int>(random.below(4)));
    for (float& x : batch) {
      x = random.uniform(-below, above) * grow;
      if (random.one_in(5)) x = random.one_in(2) ? 0.0F : -0.0F;
    }
  }
  return batches;
}

TEST(Tally, GivesWhatCountingTheClampedValuesGives) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Batches batches = lopsided(random);
    const float cap = random.one_in(4) ? kUnlimited : random.one_in(3) ? 6.0F : random.uniform(0.01F, 9.0F);
    Tally tally = tally_of(batches, cap);
    for (const float low : {-kUnlimited, 0.0F}) {
      for (const float high : {cap, kUnlimited}) {
        expect_same(poured(tally, low, high), test::observed(clamped(batches, low, high), kFree));
      }
    }
  }
}

TEST(Tally, ValuesOnTheCapAndOnEdgesOfBins) {
  const Batches batches = {{6.0F, std::nextafter(6.0F, 0.0F), std::nextafter(6.0F, 7.0F), 8.0F,
                            std::nextafter(8.0F, 0.0F), 1000.0F, -3.0F, 4.0F}};
  Tally tally = tally_of(batches, 6);
  expect_same(poured(tally, 0, 6), test::observed(clamped(batches, 0, 6), kFree));
  expect_same(poured(tally, -kUnlimited, kUnlimited), test::observed(batches, kFree));
  EXPECT_EQ(poured(tally, 0, 6).histogram.positive[1536], 5U);
}

TEST(Tally, PouringInPiecesIsPouringAtOnce) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Batches batches = lopsided(random);
    const Batches more = lopsided(random);
    PlainCounter counter;
    Tally tally(2);
    CalibratedTensor pieces;
    pieces.name = "x";
    for (const Batches* some : std::initializer_list<const Batches*>{&batches, &more}) {
      for (const auto& batch : *some) ASSERT_TRUE(tally.add(batch, counter));
      tally.pour(pieces, 0, 2);
      tally.clear();
    }
    batches.insert(batches.end(), more.begin(), more.end());
    Tally at_once = tally_of(batches, 2);
    expect_same(pieces, poured(at_once, 0, 2));
  }
}

TEST(Tally, RefusesWhatIsNotFiniteAndStaysAsItWas) {
  PlainCounter counter;
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    Tally tally(1.5F);
    EXPECT_FALSE(tally.add(std::vector<float>{1.0F, bad}, counter));
    EXPECT_EQ(poured(tally, -kUnlimited, kUnlimited).elements, 0U);
    ASSERT_TRUE(tally.add(std::vector<float>{1.0F, 2.0F}, counter));
    EXPECT_FALSE(tally.add(std::vector<float>{bad, 1.0F}, counter));
    expect_same(poured(tally, -kUnlimited, kUnlimited), test::observed({{1.0F, 2.0F}}, kFree));
  }
}

}  // namespace
}  // namespace tenon::quant
