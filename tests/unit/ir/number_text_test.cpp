#include "ir/number_text.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

namespace tenon {
namespace {

template <class T>
T read_back(const std::string& text) {
  Lexer lexer(text, "number");
  const T value = parse_number<T>(lexer);
  lexer.expect_end();
  return value;
}

TEST(NumberText, PrintsShortestDecimals) {
  EXPECT_EQ(print_number(0.1F), "0.1");
  EXPECT_EQ(print_number(1.0F), "1.0");
  EXPECT_EQ(print_number(-0.0F), "-0.0");
  EXPECT_EQ(print_shortest(1.0F), "1");
  EXPECT_EQ(print_number(std::numeric_limits<float>::infinity()), "inf");
  EXPECT_EQ(print_number(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(print_number(std::numeric_limits<float>::quiet_NaN()), "nan");
  EXPECT_EQ(print_number(std::bit_cast<float>(0x7f800001u)), "nan(0x7f800001)");
}

TEST(NumberText, EveryKindOfFloatReadsBackToItsBits) {
  Random random(11);
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t bits = random();
    const auto value = std::bit_cast<float>(bits);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(read_back<float>(print_number(value))), bits)
        << print_number(value);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(read_back<float>(print_shortest(value))), bits)
        << print_shortest(value);
    const std::uint64_t wide_bits = random.next64();
    const auto wide = std::bit_cast<double>(wide_bits);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read_back<double>(print_number(wide))), wide_bits)
        << print_number(wide);
  }
  for (const std::uint32_t bits : {0u, 0x80000000u, 1u, 0x007fffffu, 0x7f7fffffu, 0xff800000u, 0xffc00000u}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(read_back<float>(print_number(std::bit_cast<float>(bits)))), bits);
  }
}

TEST(NumberText, RefusesWhatDoesNotFit) {
  EXPECT_THROW(read_back<float>("1e99"), ModelError);
  EXPECT_THROW(read_back<float>("nan(0x3f800000)"), ModelError);
  EXPECT_THROW(read_back<float>("nan(0x17f800001)"), ModelError);
  EXPECT_THROW(read_back<float>("x"), ModelError);
  EXPECT_THROW(read_back<float>("1e"), ModelError);
}

}  // namespace
}  // namespace tenon
