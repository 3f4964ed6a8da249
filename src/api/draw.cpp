#include <tenon/draw.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace tenon {
namespace {

constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 7;
constexpr int kGlyphsPerBand = 16;

// The printable characters from ' ' to '~', sixteen a band, each 5 columns and one between.
constexpr std::array<const char*, 6 * kGlyphHeight> kFont = {
    // clang-format off
    //       !     "     #     $     %     &     '     (     )     *     +     ,     -     .     /
    "..... ..#.. .#.#. .#.#. ..#.. ##... .##.. ..#.. ...#. .#... ..... ..... ..... ..... ..... .....",
    "..... ..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....#",
    "..... ..#.. .#.#. ##### #.#.. ...#. #.#.. .#... .#... ...#. #.#.# ..#.. ..... ..... ..... ...#.",
    "..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... ##### ..... ..#..",
    "..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..#.. ..... ..... .#...",
    "..... ..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#.. ..#.. ..... .##.. #....",
    "..... ..#.. ..... .#.#. ..#.. ...## .##.# ..... ...#. .#... ..... ..... .#... ..... .##.. .....",
    // 0     1     2     3     4     5     6     7     8     9     :     ;     <     =     >     ?
    ".###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... .#... .###.",
    "#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...# .##.. .##.. ..#.. ..... ..#.. #...#",
    "#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# .##.. .##.. .#... ##### ...#. ....#",
    "#.#.# ..#.. ..##. ..##. #..#. ....# ####. ..#.. .###. .#### ..... ..... #.... ..... ....# ...#.",
    "##..# ..#.. .#... ....# ##### ....# #...# .#... #...# ....# .##.. .##.. .#... ##### ...#. ..#..",
    "#...# ..#.. #.... #...# ...#. #...# #...# .#... #...# ...#. .##.. ..#.. ..#.. ..... ..#.. .....",
    ".###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. ..... .#... ...#. ..... .#... ..#..",
    // @     A     B     C     D     E     F     G     H     I     J     K     L     M     N     O
    ".###. .###. ####. .###. ###.. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.",
    "#...# #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...#",
    "#.### #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# #.#.# #...#",
    "#.#.# ##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #..## #...#",
    "#.### #...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #...# #...#",
    "#.... #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #...# #...#",
    ".#### #...# ####. .###. ###.. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###.",
    // P     Q     R     S     T     U     V     W     X     Y     Z     [     \     ]     ^     _
    "####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. ..... .###. ..#.. .....",
    "#...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. .....",
    "#...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. .#... .#... ...#. #...# .....",
    "####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. .#... ..#.. ...#. ..... .....",
    "#.... #.#.# #.#.. ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... .....",
    "#.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... .#... ....# ...#. ..... .....",
    "#.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .###. ..... .###. ..... #####",
    // `     a     b     c     d     e     f     g     h     i     j     k     l     m     n     o
    ".#... ..... #.... ..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. ..... ..... .....",
    "..#.. ..... #.... ..... ....# ..... .#..# .#### #.... ..... ..... #.... ..#.. ..... ..... .....",
    "...#. .###. ####. .#### .#### .###. .#... #...# ####. .##.. ..##. #..#. ..#.. ##.#. ####. .###.",
    "..... ....# #...# #.... #...# #...# ###.. #...# #...# ..#.. ...#. #.#.. ..#.. #.#.# #...# #...#",
    "..... .#### #...# #.... #...# ##### .#... .#### #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...#",
    "..... #...# #...# #.... #...# #.... .#... ....# #...# ..#.. #..#. #.#.. ..#.. #.#.# #...# #...#",
    "..... .#### ####. .#### .#### .#### .#... .###. #...# .###. .##.. #..#. .###. #.#.# #...# .###.",
    // p     q     r     s     t     u     v     w     x     y     z     {     |     }     ~
    "..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ...#. ..#.. .#... ..... .....",
    "####. .#### ..... ..... .#... ..... ..... ..... ..... #...# ..... ..#.. ..#.. ..#.. ..... .....",
    "#...# #...# #.##. .#### ###.. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#... .....",
    "#...# #...# ##... #.... .#... #...# #...# #...# .#.#. #...# ...#. .#... ..#.. ...#. #.#.# .....",
    "####. .#### #.... .###. .#... #...# #...# #.#.# ..#.. .#### ..#.. ..#.. ..#.. ..#.. ...#. .....",
    "#.... ....# #.... ....# .#..# #..## .#.#. #.#.# .#.#. ....# .#... ..#.. ..#.. ..#.. ..... .....",
    "#.... ....# #.... ####. ..##. .##.# ..#.. .#.#. #...# .###. ##### ...#. ..#.. .#... ..... .....",
    // clang-format on
};

bool dot(char character, int x, int y) {
  const int index = (character >= ' ' && character <= '~' ? character : '?') - ' ';
  const auto line = static_cast<unsigned>(index / kGlyphsPerBand * kGlyphHeight + y);
  const char* row = kFont[line];
  return row[index % kGlyphsPerBand * (kGlyphWidth + 1) + x] == '#';
}

std::uint8_t gray_of(Color color) {
  return static_cast<std::uint8_t>(std::lround(0.299 * color.red + 0.587 * color.green + 0.114 * color.blue));
}

void set_pixel(Image& image, int x, int y, Color color) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  std::uint8_t* pixel = image.at(x, y);
  if (image.channels == 1) {
    *pixel = gray_of(color);
  } else {
    pixel[0] = color.red;
    pixel[1] = color.green;
    pixel[2] = color.blue;
  }
}

}  // namespace

Color class_color(std::size_t index) noexcept {
  // Steps of the golden angle visit the colour circle evenly for any number of classes.
  const double hue = std::fmod(static_cast<double>(index) * 0.6180339887498949 + 0.02, 1.0) * 6;
  const auto channel = [hue](double shift) {
    const double at = std::fmod(hue + shift, 6.0);
    const double level = std::clamp(std::abs(at - 3.0) - 1.0, 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(40 + 200 * level));
  };
  Color color;
  color.red = channel(0);
  color.green = channel(4);
  color.blue = channel(2);
  return color;
}

void fill_rectangle(Image& image, int x0, int y0, int x1, int y1, Color color) {
  for (int y = std::max(0, y0); y <= std::min(y1, image.height - 1); ++y) {
    for (int x = std::max(0, x0); x <= std::min(x1, image.width - 1); ++x) set_pixel(image, x, y, color);
  }
}

void draw_rectangle(Image& image, int x0, int y0, int x1, int y1, Color color, int thickness) {
  const int t = thickness - 1;
  fill_rectangle(image, x0, y0, x1, std::min(y0 + t, y1), color);
  fill_rectangle(image, x0, std::max(y1 - t, y0), x1, y1, color);
  fill_rectangle(image, x0, y0, std::min(x0 + t, x1), y1, color);
  fill_rectangle(image, std::max(x1 - t, x0), y0, x1, y1, color);
}

void draw_line(Image& image, int x0, int y0, int x1, int y1, Color color) {
  const int steps = std::max(std::abs(x1 - x0), std::abs(y1 - y0));
  for (int i = 0; i <= steps; ++i) {
    const double t = steps == 0 ? 0 : static_cast<double>(i) / steps;
    set_pixel(image, static_cast<int>(std::lround(x0 + t * (x1 - x0))),
              static_cast<int>(std::lround(y0 + t * (y1 - y0))), color);
  }
}

void draw_text(Image& image, int x, int y, std::string_view text, Color color, int size) {
  for (const char character : text) {
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if (!dot(character, column, row)) continue;
        const int left = x + column * size;
        const int top = y + row * size;
        fill_rectangle(image, left, top, left + size - 1, top + size - 1, color);
      }
    }
    x += (kGlyphWidth + 1) * size;
  }
}

int text_width(std::string_view text, int size) noexcept {
  return text.empty() ? 0 : (static_cast<int>(text.size()) * (kGlyphWidth + 1) - 1) * size;
}

int text_height(int size) noexcept { return kGlyphHeight * size; }

void draw_labelled_box(Image& image, int x0, int y0, int x1, int y1, std::string_view label, Color color) {
  const int size = std::max(1, std::min(image.width, image.height) / 250);
  draw_rectangle(image, x0, y0, x1, y1, color, size + 1);
  const int pad = size + 1;
  const int height = text_height(size) + 2 * pad;
  const int top = y0 - height >= 0 ? y0 - height : std::max(0, y0);
  const int left = std::clamp(x0, 0, std::max(0, image.width - text_width(label, size) - 2 * pad));
  fill_rectangle(image, left, top, left + text_width(label, size) + 2 * pad - 1, top + height - 1, color);
  const Color ink = gray_of(color) > 140 ? Color{0, 0, 0} : Color{255, 255, 255};
  draw_text(image, left + pad, top + pad, label, ink, size);
}

}  // namespace tenon
