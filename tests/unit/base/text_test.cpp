#include "base/text.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {
namespace {

TEST(Text, QuotesForMessages) {
  EXPECT_EQ(quote("Conv_3"), "'Conv_3'");
  EXPECT_EQ(quote("a'b\\c\n\x01"), "'a\\'b\\\\c\\n\\x01'");
}

TEST(Text, LiteralsRoundTripForEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(unquote_literal(quote_literal(all)), all);
  EXPECT_EQ(unquote_literal(quote_literal("")), "");
  EXPECT_EQ(unquote_literal("\"\\x4a\\'\""), "J'");
}

TEST(Text, MalformedLiteralsAreRefused) {
  for (const char* bad :
       {"", "\"", "abc", "\"abc", "\"a\"b\"", "\"a\\\"", "\"\\q\"", "\"\\x4\"", "\"\\xg0\""}) {
    EXPECT_THROW(unquote_literal(bad), ModelError) << bad;
  }
}

TEST(Text, JoinsSplitsAndTrims) {
  EXPECT_EQ(join(std::vector<std::int64_t>{1, -3, 224}), "1, -3, 224");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, "/"), "a/b");
  EXPECT_EQ(join(std::vector<std::string>{}), "");
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \t"), "");
}

TEST(Text, KnowsValidUtf8) {
  for (const char* good :
       {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << quote(bad);
  }
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("Cnov", "Conv"), 1u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(Text, SuggestsOnlyWhatIsClose) {
  const std::vector<std::string> names = {"Conv", "ConvTranspose", "Relu", "MaxPool"};
  EXPECT_EQ(did_you_mean("conv", names), " (did you mean 'Conv'?)");
  EXPECT_EQ(did_you_mean("MaxPol", names), " (did you mean 'MaxPool'?)");
  EXPECT_EQ(did_you_mean("Softmax", names), "");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

TEST(Text, FormatsBytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(100 * 1024 * 1024), "100 MiB");
  EXPECT_EQ(format_bytes(1023ull << 30), "1.00 TiB");
  EXPECT_EQ(format_bytes(~0ull), "16.0 EiB");
}

}  // namespace
}  // namespace tenon
