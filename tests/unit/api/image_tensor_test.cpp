#include <tenon/error.hpp>
#include <tenon/image.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon {
namespace {

Image picture(int width, int height, int channels, std::vector<std::uint8_t> pixels) {
  Image image(width, height, channels);
  image.pixels = std::move(pixels);
  return image;
}

std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.values<float>();
  return {span.begin(), span.end()};
}

// One grey row, resized to `width`.
std::vector<float> resized_row(std::vector<std::uint8_t> row, int width) {
  const int in = static_cast<int>(row.size());
  ImageOptions options;
  options.width = width;
  options.height = 1;
  options.color = ImageColor::gray;
  return values(to_tensor(picture(in, 1, 1, std::move(row)), options));
}

std::string error_of(const Image& image, const ImageOptions& options) {
  try {
    to_tensor(image, options);
  } catch (const ModelError& error) {
    return error.message();
  }
  return "no error";
}

using Floats = std::vector<float>;

TEST(ImageTensor, KeepsAPictureThatNeedsNothing) {
  const Tensor tensor = to_tensor(picture(2, 1, 3, {1, 2, 3, 4, 5, 6}), {});
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 1, 2}));
  EXPECT_EQ(values(tensor), (Floats{1, 4, 2, 5, 3, 6}));
}

TEST(ImageTensor, OrdersChannelsAndLayout) {
  const Image image = picture(2, 1, 3, {1, 2, 3, 4, 5, 6});
  ImageOptions options;
  options.color = ImageColor::bgr;
  EXPECT_EQ(values(to_tensor(image, options)), (Floats{3, 6, 2, 5, 1, 4}));
  options.layout = ImageLayout::nhwc;
  const Tensor tensor = to_tensor(image, options);
  EXPECT_EQ(tensor.shape(), (Shape{1, 1, 2, 3}));
  EXPECT_EQ(values(tensor), (Floats{3, 2, 1, 6, 5, 4}));
}

TEST(ImageTensor, ConvertsBetweenGrayAndColor) {
  ImageOptions options;
  options.color = ImageColor::gray;
  EXPECT_EQ(values(to_tensor(picture(1, 1, 3, {100, 200, 50}), options)),
            (Floats{153}));  // 29.9 + 117.4 + 5.7
  EXPECT_EQ(values(to_tensor(picture(1, 1, 1, {9}), {})), (Floats{9, 9, 9}));
}

TEST(ImageTensor, ScalesThenSubtractsThenDivides) {
  ImageOptions options;
  options.scale = 0.5F;
  options.mean = {1, 2, 3};
  options.std = {4};
  EXPECT_EQ(values(to_tensor(picture(1, 1, 3, {10, 20, 30}), options)), (Floats{1, 2, 3}));
  options.color = ImageColor::bgr;  // the mean of 1 now belongs to blue
  EXPECT_EQ(values(to_tensor(picture(1, 1, 3, {10, 20, 30}), options)), (Floats{3.5F, 2, 0.5F}));
}

TEST(ImageTensor, EnlargesLinearlyBetweenPixelCentres) {
  // Output centres 0.25, 0.75, 1.25, 1.75 against source centres 0.5 and 1.5.
  EXPECT_EQ(resized_row({0, 100}, 4), (Floats{0, 25, 75, 100}));
}

TEST(ImageTensor, ShrinksWithAWiderTriangle) {
  // Ratio 2: output 0 is centred at 1 with support 2; sources at 0.5, 1.5, 2.5 weigh 0.75, 0.75, 0.25.
  const Floats found = resized_row({0, 70, 140, 210}, 2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FLOAT_EQ(found[0], (0.75F * 0 + 0.75F * 70 + 0.25F * 140) / 1.75F);
  EXPECT_FLOAT_EQ(found[1], (0.25F * 70 + 0.75F * 140 + 0.75F * 210) / 1.75F);
}

TEST(ImageTensor, KeepsConstantPicturesAtAnySize) {
  for (int width = 1; width < 40; ++width) {
    for (const float value : resized_row(std::vector<std::uint8_t>(13, 200), width))
      EXPECT_FLOAT_EQ(value, 200);
  }
}

TEST(ImageTensor, ResizesTheShorterSide) {
  ImageOptions options;
  options.shorter_side = 2;
  EXPECT_EQ(to_tensor(Image(10, 4, 3), options).shape(), (Shape{1, 3, 2, 5}));
  EXPECT_EQ(to_tensor(Image(4, 7, 3), options).shape(), (Shape{1, 3, 4, 2}));  // 3.5 rounds away from zero
  EXPECT_EQ(to_tensor(Image(9, 9, 3), options).shape(), (Shape{1, 3, 2, 2}));
}

TEST(ImageTensor, LetterboxFillsAroundThePicture) {
  ImageOptions options;
  options.width = 4;
  options.height = 4;
  options.letterbox = true;
  options.color = ImageColor::gray;
  const Tensor tensor = to_tensor(picture(2, 1, 1, {10, 10}), options);
  const Floats expected = {114, 114, 114, 114, 10, 10, 10, 10, 10, 10, 10, 10, 114, 114, 114, 114};
  EXPECT_EQ(values(tensor), expected);
  const Letterbox box = fit_letterbox(768, 576, 416, 416);
  EXPECT_DOUBLE_EQ(box.scale, 416.0 / 768);
  EXPECT_EQ(box.width, 416);
  EXPECT_EQ(box.height, 312);
  EXPECT_EQ(box.left, 0);
  EXPECT_EQ(box.top, 52);
  EXPECT_EQ(fit_letterbox(1000, 1, 10, 10).height, 1);
}

TEST(ImageTensor, CropsTheCentre) {
  ImageOptions options;
  options.color = ImageColor::gray;
  options.crop_width = 2;
  options.crop_height = 1;
  EXPECT_EQ(values(to_tensor(picture(5, 2, 1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), options)), (Floats{1, 2}));
}

TEST(ImageTensor, BytesAreRoundedHalfToEvenAndClamped) {
  ImageOptions options;
  options.color = ImageColor::gray;
  options.scale = 0.5F;
  const Tensor tensor = to_tensor(picture(3, 1, 1, {1, 3, 5}), options, DataType::u8);
  const auto span = tensor.values<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(span.begin(), span.end()), (std::vector<int>{0, 2, 2}));
  options.scale = 2;
  options.mean = {20};
  const Tensor clamped = to_tensor(picture(2, 1, 1, {5, 255}), options, DataType::u8);
  EXPECT_EQ(clamped.values<std::uint8_t>()[0], 0);
  EXPECT_EQ(clamped.values<std::uint8_t>()[1], 255);
}

TEST(ImageTensor, RefusesOptionsThatContradict) {
  const Image image(8, 8, 3);
  ImageOptions options;
  options.crop_width = options.crop_height = 9;
  EXPECT_EQ(error_of(image, options), "cannot crop 9x9 out of a picture of 8x8");
  options = {};
  options.letterbox = true;
  EXPECT_EQ(error_of(image, options), "letterbox needs the size of the canvas");
  options = {};
  options.mean = {1, 2};
  EXPECT_EQ(error_of(image, options), "2 means for 3 channels");
  options = {};
  options.std = {0};
  EXPECT_EQ(error_of(image, options), "a standard deviation must not be 0");
  options = {};
  options.width = 1 << 20;
  options.height = 1;
  EXPECT_EQ(error_of(image, options), "a width of 1048576 pixels: expected 1 to 16384");
  options = {};
  options.width = 4;
  EXPECT_EQ(error_of(image, options), "a picture size needs both width and height");
  EXPECT_EQ(error_of(Image(), {}), "the picture is empty");
  EXPECT_THROW(to_tensor(image, {}, DataType::i32), ModelError);
}

}  // namespace
}  // namespace tenon
