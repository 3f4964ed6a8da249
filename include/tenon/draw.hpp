// Drawing on pictures: boxes, lines and labels, for showing what a network found. What lies outside the
// picture is cut off.
#pragma once

#include <tenon/image.hpp>

#include <cstdint>
#include <string_view>

namespace tenon {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;  // on grey pictures 0.299 r + 0.587 g + 0.114 b
};

// A colour for class `index`: neighbouring indices get hues far apart.
Color class_color(std::size_t index) noexcept;

// Pixels x0…x1 and y0…y1, both included.
void fill_rectangle(Image& image, int x0, int y0, int x1, int y1, Color color);

// The frame of that rectangle, `thickness` pixels wide to the inside.
void draw_rectangle(Image& image, int x0, int y0, int x1, int y1, Color color, int thickness = 1);

// One pixel wide, both ends included.
void draw_line(Image& image, int x0, int y0, int x1, int y1, Color color);

// Printable ASCII in a 5×7 font, each dot `size` × `size` pixels, one dot between characters; other
// characters are drawn as '?'. (x, y) is the upper left corner.
void draw_text(Image& image, int x, int y, std::string_view text, Color color, int size = 1);
int text_width(std::string_view text, int size = 1) noexcept;
int text_height(int size = 1) noexcept;

// A frame with a caption on a bar above it (inside where there is no room).
void draw_labelled_box(Image& image, int x0, int y0, int x1, int y1, std::string_view label, Color color);

}  // namespace tenon
