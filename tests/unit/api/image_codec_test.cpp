#include "base/random.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>
#include <tenon/image.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

namespace tenon {
namespace {

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

Image noise(int width, int height, int channels) {
  Image image(width, height, channels);
  Random random(7);
  for (auto& value : image.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return image;
}

std::string message_of(const std::string& bytes) {
  try {
    decode_image(as_bytes(bytes), "x.png");
  } catch (const ModelError& error) {
    return error.message();
  }
  return "no error";
}

TEST(ImageCodec, ReadsBinaryPpmAndPgm) {
  const Image color = decode_image(as_bytes("P6\n2 1\n255\nabcdef"));
  EXPECT_EQ(color.width, 2);
  EXPECT_EQ(color.height, 1);
  EXPECT_EQ(color.channels, 3);
  EXPECT_EQ(color.pixels, (std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  const Image gray = decode_image(as_bytes("P5\n# a comment\n1 2\n255\nxy"));
  EXPECT_EQ(gray.channels, 1);
  EXPECT_EQ(gray.pixels, (std::vector<std::uint8_t>{'x', 'y'}));
}

TEST(ImageCodec, ReadsBmpBottomUpAndBgr) {
  std::string bmp("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\2\0\0\0\1\0\x18\0", 30);
  bmp.resize(54);
  bmp += std::string("\x01\x02\x03\0\x0B\x0C\x0D\0", 8);
  EXPECT_EQ(decode_image(as_bytes(bmp)).pixels, (std::vector<std::uint8_t>{0x0D, 0x0C, 0x0B, 3, 2, 1}));
}

TEST(ImageCodec, PngKeepsEveryPixel) {
  for (const int channels : {1, 3}) {
    const Image image = noise(31, 17, channels);
    const Image back = decode_image(encode_png(image));
    EXPECT_EQ(back.width, 31);
    EXPECT_EQ(back.height, 17);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, image.pixels);
  }
}

TEST(ImageCodec, ReadsTheDigitsOfTheRepository) {
  const Image digit = load_image(test::test_path("../models/digits/images/0000_7.png"));
  EXPECT_EQ(digit.width, 28);
  EXPECT_EQ(digit.height, 28);
  EXPECT_EQ(digit.channels, 1);
}

TEST(ImageCodec, WritesWholeFilesAndRecognisesThem) {
  const test::TempDir dir;
  save_png(noise(4, 3, 3), dir / "a.png");
  EXPECT_TRUE(is_image_file(dir / "a.png"));
  EXPECT_EQ(load_image(dir / "a.png").pixels, noise(4, 3, 3).pixels);
  std::ofstream(dir / "b.npy") << "\x93NUMPY";
  EXPECT_FALSE(is_image_file(dir / "b.npy"));
  EXPECT_FALSE(is_image_file(dir / "missing"));
  EXPECT_FALSE(is_image_file(dir.path()));
  EXPECT_THROW(save_png(noise(1, 1, 1), dir / "no/such/folder.png"), ModelError);
}

TEST(ImageCodec, SaysWhatIsWrong) {
  EXPECT_EQ(message_of(""), "x.png: the file is empty");
  EXPECT_EQ(message_of("hello"), "x.png: this is none of JPEG, PNG, PPM, PGM and BMP");
  EXPECT_EQ(message_of("P6\n60000 60000\n255\n"),
            "x.png: 60000x60000 pixels; at most 67108864 are supported");
  EXPECT_THROW(load_image("/nonexistent/a.png"), ModelError);
  EXPECT_THROW(Image(0, 1, 3), ModelError);
  EXPECT_THROW(Image(1, 1, 4), ModelError);
}

TEST(ImageCodec, DamagedFilesAreModelErrorsOrPictures) {
  const Image image = noise(20, 20, 3);
  const std::vector<std::byte> png = encode_png(image);
  const std::string good(reinterpret_cast<const char*>(png.data()), png.size());
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_NE(message_of(good.substr(0, size)), "no error") << size;
  }
  Random random(11);
  for (const std::string& magic : {good.substr(0, 33), std::string("\xFF\xD8\xFF\xE0"),
                                   std::string("P5\n9 9\n255\n"), std::string("BM"), std::string("P6 ")}) {
    for (int round = 0; round < 200; ++round) {
      std::string bytes = magic;
      for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(random.below(256)));
      try {
        const Image decoded = decode_image(as_bytes(bytes));
        EXPECT_GT(decoded.width, 0);
      } catch (const ModelError&) {
      }
    }
  }
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good;
    bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<char>(random.below(256));
    try {
      decode_image(as_bytes(bytes));
    } catch (const ModelError&) {
    }
  }
}

}  // namespace
}  // namespace tenon
