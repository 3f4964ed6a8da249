#include "importers/caffe/text_format.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace tenon::caffe {
namespace {

std::string text_error(std::string_view text) {
  try {
    parse_text(text);
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

TEST(CaffeText, ReadsScalarsOfEveryForm) {
  const Message m = parse_text(
      "i: -12 h: 0x1F o: 017 f: 1.5e-3 g: .5f n: - 2 inf: inf ninf: -inf b: true c: f "
      "s: 'it\\'s' \" \\x41\\102\\n\" e: MAX # the end: 1\n u:0");
  EXPECT_EQ(m.find_integer("i"), -12);
  EXPECT_EQ(m.find_integer("h"), 31);
  EXPECT_EQ(m.find_integer("o"), 15);
  EXPECT_EQ(m.find_number("f"), 1.5e-3F);
  EXPECT_EQ(m.find_number("g"), 0.5F);
  EXPECT_EQ(m.find_number("n"), -2.0F);
  EXPECT_EQ(m.find_number("inf"), std::numeric_limits<float>::infinity());
  EXPECT_EQ(m.find_number("ninf"), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(m.flag("b", false));
  EXPECT_FALSE(m.flag("c", true));
  EXPECT_EQ(m.find_word("s"), "it's AB\n");
  EXPECT_EQ(m.find_word("e"), "MAX");
  EXPECT_EQ(m.find_integer("u"), 0);
  EXPECT_EQ(m.find_integer("absent"), std::nullopt);
  EXPECT_EQ(m.unused(), nullptr);
}

TEST(CaffeText, ReadsMessagesAndLists) {
  const Message m = parse_text("a { x: 1, y: 2; } a: < x: 3 > d: [1, 2,3] d: 4 e: [] l [{x: 5}, {x: 6}]");
  ASSERT_EQ(m.messages("a").size(), 2U);
  EXPECT_EQ(m.messages("a")[1]->integers("x"), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(m.integers("d"), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(m.messages("l").size(), 2U);
  EXPECT_TRUE(m.message("nothing").fields().empty());
}

TEST(CaffeText, KnowsWhatNobodyAskedFor) {
  const Message m = parse_text("a { x: 1 y { z: 2 } }\nb: 3");
  m.message("a").integer("x", 0);
  m.ignore({"b"});
  ASSERT_NE(m.unused(), nullptr);
  EXPECT_EQ(m.unused()->name, "y");
  m.message("a").ignore({"y"});
  EXPECT_EQ(m.unused(), nullptr);
}

TEST(CaffeText, RefusesWhatDoesNotFit) {
  const Message m = parse_text("i: 1.5 s: \"1\" m { }\nt: 1 t: 2 big: 99999999999999999999 huge: 1e999");
  const auto message = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const ModelError& error) {
      return error.message();
    }
    return {};
  };
  EXPECT_EQ(message([&] { m.find_integer("i"); }), "line 1: field 'i' should be an integer, found '1.5'");
  EXPECT_EQ(message([&] { m.find_integer("s"); }), "line 1: field 's' should be an integer, found '1'");
  EXPECT_EQ(message([&] { m.find_number("m"); }), "line 1: field 'm' should be a number, found a message");
  EXPECT_EQ(message([&] { m.find_message("i"); }), "line 1: field 'i' should be a message, found '1.5'");
  EXPECT_EQ(message([&] { m.find_integer("t"); }), "line 2: field 't' is given twice");
  EXPECT_NE(message([&] { m.find_integer("big"); }), "");
  EXPECT_NE(message([&] { m.find_number("huge"); }), "");
}

TEST(CaffeText, SaysWhereItIsMalformed) {
  EXPECT_EQ(text_error("a: 1\nb: }"), "line 2: expected a value, found '}'");
  EXPECT_EQ(text_error("a { b: 1"), "line 1: expected the name of a field, found the end");
  EXPECT_EQ(text_error("a 1"), "line 1: expected ':' or '{', found '1'");
  EXPECT_EQ(text_error("a: \"x\n\""), "line 1: a string has no end");
  EXPECT_EQ(text_error("a: '\\q'"), "line 1: a string has an escape that does not exist");
  EXPECT_EQ(text_error("a: [1 2]"), "line 1: expected ',' or ']', found '2'");
  EXPECT_EQ(text_error("\x01"), "line 1: expected the name of a field, found '\\x01'");
  EXPECT_EQ(text_error("}"), "line 1: expected the name of a field, found '}'");
}

TEST(CaffeText, LimitsDepthAndFields) {
  std::string deep;
  for (int i = 0; i < 99; ++i) deep += "a{";
  EXPECT_EQ(text_error(deep + std::string(99, '}')), "");
  EXPECT_EQ(text_error(std::string(200'000, '{').insert(0, "a")),
            "line 1: expected the name of a field, found '{'");
  for (int i = 0; i < 100'000; ++i) deep += "a{";
  EXPECT_EQ(text_error(deep), "line 1: messages are nested more than 100 deep");
  std::string many;
  for (int i = 0; i < 500'001; ++i) many += "a:1 ";
  EXPECT_EQ(text_error(many), "line 1: there are more than 500000 fields");
}

}  // namespace
}  // namespace tenon::caffe
