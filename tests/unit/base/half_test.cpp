#include "base/half.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace tenon {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// What the format's definition says a pattern is worth, computed in double.
double value_by_definition(std::uint32_t code, int exponent_bits, int mantissa_bits, int bias) {
  const std::uint32_t mantissa = code & ((1u << mantissa_bits) - 1);
  const auto field = static_cast<int>((code >> mantissa_bits) & ((1u << exponent_bits) - 1));
  const bool negative = (code >> (exponent_bits + mantissa_bits)) != 0;
  const double magnitude = field == 0
                               ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                               : std::ldexp((1u << mantissa_bits) + mantissa, field - bias - mantissa_bits);
  return negative ? -magnitude : magnitude;
}

struct FormatFacts {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  double largest;
  bool infinity;
  int nans;
};

template <class T>
FormatFacts facts();
template <>
FormatFacts facts<float16>() {
  return {5, 10, 15, 65504, true, 2046};
}
template <>
FormatFacts facts<bfloat16>() {
  return {8, 7, 127, 0x1.FEp127, true, 254};
}
template <>
FormatFacts facts<float8_e4m3fn>() {
  return {4, 3, 7, 448, false, 2};
}
template <>
FormatFacts facts<float8_e4m3fnuz>() {
  return {4, 3, 8, 240, false, 1};
}
template <>
FormatFacts facts<float8_e5m2>() {
  return {5, 2, 15, 57344, true, 6};
}
template <>
FormatFacts facts<float8_e5m2fnuz>() {
  return {5, 2, 16, 57344, false, 1};
}

template <class T>
class SmallFloat : public ::testing::Test {
 protected:
  using Bits = decltype(T::bits);
  static constexpr std::uint32_t kPatterns = 1u << (8 * sizeof(T));

  static float decode(std::uint32_t code) {
    return static_cast<float>(T::from_bits(static_cast<Bits>(code)));
  }

  // The patterns of the finite values from +0 upwards.
  static std::vector<std::uint32_t> ascending() {
    std::vector<std::uint32_t> codes;
    for (std::uint32_t code = 0; code < kPatterns / 2 && std::isfinite(decode(code)); ++code)
      codes.push_back(code);
    return codes;
  }
};

using Formats =
    ::testing::Types<float16, bfloat16, float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz>;
TYPED_TEST_SUITE(SmallFloat, Formats);

TYPED_TEST(SmallFloat, EveryPatternHasTheValueOfItsDefinition) {
  const FormatFacts fact = facts<TypeParam>();
  int nans = 0;
  int infinities = 0;
  for (std::uint32_t code = 0; code < TestFixture::kPatterns; ++code) {
    const float value = TestFixture::decode(code);
    if (std::isnan(value)) {
      ++nans;
    } else if (std::isinf(value)) {
      ++infinities;
    } else {
      const double expected = value_by_definition(code, fact.exponent_bits, fact.mantissa_bits, fact.bias);
      ASSERT_EQ(value, expected) << code;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << code;
    }
  }
  EXPECT_EQ(nans, fact.nans);
  EXPECT_EQ(infinities, fact.infinity ? 2 : 0);
  EXPECT_EQ(TestFixture::decode(TestFixture::ascending().back()), fact.largest);
}

TYPED_TEST(SmallFloat, EveryValueSurvivesTheRoundTrip) {
  for (std::uint32_t code = 0; code < TestFixture::kPatterns; ++code) {
    const float value = TestFixture::decode(code);
    const TypeParam back(value);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(static_cast<float>(back))) << code;
    } else {
      ASSERT_EQ(back.bits, code);
    }
  }
}

// Between each pair of neighbours: the midpoint goes to the even pattern, and the floats next to the midpoint
// to their own side. Midpoints have one mantissa bit more than the format, so they are exact in float.
TYPED_TEST(SmallFloat, RoundsToNearestAndTiesToEven) {
  const std::vector<std::uint32_t> codes = TestFixture::ascending();
  for (std::size_t i = 0; i + 1 < codes.size(); ++i) {
    const float low = TestFixture::decode(codes[i]);
    const float high = TestFixture::decode(codes[i + 1]);
    const float middle = low + (high - low) / 2;
    const std::uint32_t even = codes[i] % 2 == 0 ? codes[i] : codes[i + 1];
    ASSERT_EQ(TypeParam(middle).bits, even);
    ASSERT_EQ(TypeParam(std::nextafter(middle, 0.0f)).bits, codes[i]);
    ASSERT_EQ(TypeParam(std::nextafter(middle, kInfinity)).bits, codes[i + 1]);
    ASSERT_EQ(static_cast<float>(TypeParam(-middle)), -TestFixture::decode(even));
  }
}

TYPED_TEST(SmallFloat, OverflowAndInfinityFollowTheMode) {
  const FormatFacts fact = facts<TypeParam>();
  const auto largest = static_cast<float>(fact.largest);
  // Half a unit in the last place above the largest value is where it stops being the nearest.
  int exponent = 0;
  std::frexp(largest, &exponent);
  const float limit = largest + std::ldexp(0.5f, exponent - 1 - fact.mantissa_bits);
  const float below = std::nextafter(limit, 0.0f);
  const float above = std::nextafter(limit, kInfinity);
  EXPECT_EQ(static_cast<float>(TypeParam(below)), largest);
  for (const float value : {above, kInfinity}) {
    const auto plain = static_cast<float>(TypeParam(value));
    EXPECT_TRUE(fact.infinity ? plain == kInfinity : std::isnan(plain)) << plain;
    EXPECT_EQ(static_cast<float>(TypeParam(value, Overflow::saturate)), largest);
    EXPECT_EQ(static_cast<float>(TypeParam(-value, Overflow::saturate)), -largest);
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(nan, Overflow::saturate))));
}

TYPED_TEST(SmallFloat, TinyNumbersBecomeZero) {
  const float smallest = TestFixture::decode(1);
  EXPECT_EQ(TypeParam(smallest / 2).bits, 0);
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::denorm_min()).bits, 0);
}

TEST(SmallFloatSingleNan, HasNoNegativeZero) {
  EXPECT_EQ(float8_e4m3fnuz(-0.0f).bits, 0);
  EXPECT_EQ(float8_e5m2fnuz(-1e-30f).bits, 0);
  EXPECT_EQ(float8_e4m3fn(-0.0f).bits, 0x80);
}

TEST(Float16, KnownPatterns) {
  EXPECT_EQ(float16(1.0f).bits, 0x3C00);
  EXPECT_EQ(float16(-2.0f).bits, 0xC000);
  EXPECT_EQ(float16(0x1p-24f).bits, 0x0001);
  EXPECT_EQ(float16(kInfinity).bits, 0x7C00);
  static_assert(float16(65504.0f).bits == 0x7BFF);
}

TEST(Float8E8m0, IsAPowerOfTwo) {
  for (int code = 0; code < 255; ++code) {
    const auto scale = float8_e8m0::from_bits(static_cast<std::uint8_t>(code));
    const auto value = static_cast<float>(scale);
    ASSERT_EQ(value, std::ldexp(1.0f, code - 127));
    ASSERT_EQ(float8_e8m0(value).bits, code);
  }
  EXPECT_TRUE(std::isnan(static_cast<float>(float8_e8m0::from_bits(0xFF))));
}

TEST(Float8E8m0, RoundsAsAsked) {
  using Rounding = float8_e8m0::Rounding;
  const auto code = [](float value, Rounding rounding) {
    return static_cast<int>(float8_e8m0(value, Overflow::to_infinity, rounding).bits);
  };
  for (int exponent = -126; exponent < 127; ++exponent) {
    const float power = std::ldexp(1.0f, exponent);
    const int own = exponent + 127;
    EXPECT_EQ(code(1.5f * power, Rounding::nearest), own + 1);
    EXPECT_EQ(code(std::nextafter(1.5f * power, 0.0f), Rounding::nearest), own);
    EXPECT_EQ(code(std::nextafter(power, kInfinity), Rounding::up), own + 1);
    EXPECT_EQ(code(std::nextafter(2 * power, 0.0f), Rounding::down), own);
  }
  EXPECT_EQ(code(0x1.8p-127f, Rounding::nearest), 1);
  EXPECT_EQ(code(0x1.4p-127f, Rounding::nearest), 0);
  EXPECT_EQ(code(0x1.4p-127f, Rounding::up), 1);
}

TEST(Float8E8m0, HasNoZeroSignOrInfinity) {
  EXPECT_EQ(float8_e8m0(0.0f).bits, 0);
  EXPECT_EQ(float8_e8m0(-0.0f).bits, 0);
  EXPECT_EQ(float8_e8m0(-1.0f).bits, 0xFF);
  EXPECT_EQ(float8_e8m0(kInfinity).bits, 0xFF);
  EXPECT_EQ(float8_e8m0(kInfinity, Overflow::saturate).bits, 0xFE);
  EXPECT_EQ(float8_e8m0(0x1.Fp127f, Overflow::saturate).bits, 0xFE);
}

}  // namespace
}  // namespace tenon
