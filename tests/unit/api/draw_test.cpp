#include <tenon/draw.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

constexpr Color kWhite{255, 255, 255};

// The picture as text, '#' where it is not black.
std::string show(const Image& image) {
  std::string text;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) text += *image.at(x, y) != 0 ? '#' : '.';
    text += '\n';
  }
  return text;
}

TEST(Draw, RectangleFrames) {
  Image image(5, 4, 1);
  draw_rectangle(image, 1, 0, 3, 2, kWhite);
  EXPECT_EQ(show(image), ".###.\n.#.#.\n.###.\n.....\n");
}

TEST(Draw, CutsOffWhatLiesOutside) {
  Image image(3, 3, 3);
  draw_rectangle(image, -5, -5, 1, 1, kWhite);
  draw_rectangle(image, 100, 100, 200, 200, kWhite);
  draw_text(image, -3, -3, "WW", kWhite, 3);
  draw_line(image, -10, -10, 20, 20, kWhite);
  draw_labelled_box(image, -10, -10, 100, 100, "a long label", kWhite);
  EXPECT_EQ(image.pixels.size(), 27U);
}

TEST(Draw, TextHasItsShape) {
  Image image(11, 7, 1);
  draw_text(image, 0, 0, "A1", kWhite);
  EXPECT_EQ(show(image),
            ".###....#..\n"
            "#...#..##..\n"
            "#...#...#..\n"
            "#####...#..\n"
            "#...#...#..\n"
            "#...#...#..\n"
            "#...#..###.\n");
  EXPECT_EQ(text_width("A1"), 11);
  EXPECT_EQ(text_width("A1", 2), 22);
  EXPECT_EQ(text_width(""), 0);
  EXPECT_EQ(text_height(3), 21);
}

TEST(Draw, UnknownCharactersAreQuestionMarks) {
  Image unknown(5, 7, 1);
  Image question(5, 7, 1);
  draw_text(unknown, 0, 0, "\xC3", kWhite);
  draw_text(question, 0, 0, "?", kWhite);
  EXPECT_EQ(unknown.pixels, question.pixels);
}

TEST(Draw, EveryPrintableGlyphDiffers) {
  for (char a = '!'; a <= '~'; ++a) {
    for (char b = static_cast<char>(a + 1); b <= '~'; ++b) {
      Image first(5, 7, 1);
      Image second(5, 7, 1);
      draw_text(first, 0, 0, std::string(1, a), kWhite);
      draw_text(second, 0, 0, std::string(1, b), kWhite);
      EXPECT_NE(first.pixels, second.pixels) << a << b;
    }
  }
}

TEST(Draw, GrayPicturesTakeTheLuminance) {
  Image image(1, 1, 1);
  fill_rectangle(image, 0, 0, 0, 0, Color{100, 200, 50});
  EXPECT_EQ(image.pixels[0], 153);
}

}  // namespace
}  // namespace tenon
