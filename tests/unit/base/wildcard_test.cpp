#include "base/wildcard.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

TEST(Wildcard, StarsStandForAnything) {
  EXPECT_TRUE(matches_wildcard("layer1.conv2", "*"));
  EXPECT_TRUE(matches_wildcard("", "*"));
  EXPECT_TRUE(matches_wildcard("layer1.conv2", "layer1.*"));
  EXPECT_TRUE(matches_wildcard("layer1.conv2", "*conv*"));
  EXPECT_TRUE(matches_wildcard("layer1.conv2", "*2"));
  EXPECT_TRUE(matches_wildcard("aab", "*ab"));
  EXPECT_TRUE(matches_wildcard("a.b.a.c", "a*a*c"));
  EXPECT_FALSE(matches_wildcard("layer1.conv2", "conv*"));
  EXPECT_FALSE(matches_wildcard("a.b.a.c", "a*c*a"));
}

TEST(Wildcard, QuestionMarksStandForOneCharacter) {
  EXPECT_TRUE(matches_wildcard("conv1", "conv?"));
  EXPECT_FALSE(matches_wildcard("conv", "conv?"));
  EXPECT_FALSE(matches_wildcard("conv12", "conv?"));
}

TEST(Wildcard, OtherCharactersStandForThemselves) {
  EXPECT_TRUE(matches_wildcard("a[0]+b", "a[0]+b"));
  EXPECT_FALSE(matches_wildcard("a0b", "a[0]b"));
  EXPECT_FALSE(matches_wildcard("conv", ""));
  EXPECT_TRUE(matches_wildcard("", ""));
}

// Patterns that take exponential time where stars are tried recursively.
TEST(Wildcard, ManyStarsEnd) {
  const std::string text(4000, 'a');
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(matches_wildcard(text, pattern + "b"));
}

}  // namespace
}  // namespace tenon
