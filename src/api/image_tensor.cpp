// Steps and formulas: ImageOptions in <tenon/image.hpp>.
#include "base/check.hpp"

#include <tenon/image.hpp>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

struct FloatImage {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<float> pixels;

  FloatImage(int w, int h, int c, float value = 0)
      : width(w),
        height(h),
        channels(c),
        pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * static_cast<std::size_t>(c),
               value) {}
  float* row(int y) { return pixels.data() + static_cast<std::ptrdiff_t>(y) * width * channels; }
  const float* row(int y) const { return pixels.data() + static_cast<std::ptrdiff_t>(y) * width * channels; }
};

// The source pixels of one output pixel, with weights that sum to 1.
struct Taps {
  int first = 0;
  std::vector<double> weights;
};

std::vector<Taps> triangle_filter(int in, int out) {
  const double ratio = static_cast<double>(in) / out;
  const double support = std::max(1.0, ratio);
  std::vector<Taps> filter(static_cast<std::size_t>(out));
  for (int x = 0; x < out; ++x) {
    const double centre = (x + 0.5) * ratio;
    Taps& taps = filter[static_cast<std::size_t>(x)];
    taps.first = std::clamp(static_cast<int>(std::floor(centre - support)), 0, in - 1);
    const int last = std::clamp(static_cast<int>(std::ceil(centre + support)), 0, in - 1);
    double sum = 0;
    for (int i = taps.first; i <= last; ++i) {
      taps.weights.push_back(std::max(0.0, 1.0 - std::abs(i + 0.5 - centre) / support));
      sum += taps.weights.back();
    }
    for (double& weight : taps.weights) weight /= sum;
  }
  return filter;
}

FloatImage resize_columns(const FloatImage& in, int width) {
  const std::vector<Taps> filter = triangle_filter(in.width, width);
  FloatImage out(width, in.height, in.channels);
  for (int y = 0; y < in.height; ++y) {
    const float* source = in.row(y);
    float* target = out.row(y);
    for (const Taps& taps : filter) {
      for (int c = 0; c < in.channels; ++c) {
        double sum = 0;
        const float* pixel = source + taps.first * in.channels + c;
        for (const double weight : taps.weights) {
          sum += weight * static_cast<double>(*pixel);
          pixel += in.channels;
        }
        *target++ = static_cast<float>(sum);
      }
    }
  }
  return out;
}

FloatImage resize_rows(const FloatImage& in, int height) {
  const std::vector<Taps> filter = triangle_filter(in.height, height);
  FloatImage out(in.width, height, in.channels);
  std::vector<double> sums(static_cast<std::size_t>(in.width) * static_cast<std::size_t>(in.channels));
  for (int y = 0; y < height; ++y) {
    const Taps& taps = filter[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t k = 0; k < taps.weights.size(); ++k) {
      const float* source = in.row(taps.first + static_cast<int>(k));
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += taps.weights[k] * static_cast<double>(source[i]);
    }
    std::transform(sums.begin(), sums.end(), out.row(y), [](double sum) { return static_cast<float>(sum); });
  }
  return out;
}

FloatImage resize(FloatImage image, int width, int height) {
  if (width != image.width) image = resize_columns(image, width);
  if (height != image.height) image = resize_rows(image, height);
  return image;
}

int round_to_int(double value) { return std::max(1, static_cast<int>(std::lround(value))); }

constexpr int kMaxSide = 1 << 14;

FloatImage to_size(FloatImage image, const ImageOptions& options) {
  if (options.shorter_side > 0) {
    const int shorter = std::min(image.width, image.height);
    const double scale = static_cast<double>(options.shorter_side) / shorter;
    const int longer =
        std::max(options.shorter_side, round_to_int(std::max(image.width, image.height) * scale));
    TENON_REQUIRE(longer <= kMaxSide,
                  "resizing a {}x{} picture to a shorter side of {} makes it {} pixels long; at most {} "
                  "are supported",
                  image.width, image.height, options.shorter_side, longer, kMaxSide);
    const bool wide = image.width >= image.height;
    return resize(std::move(image), wide ? longer : options.shorter_side,
                  wide ? options.shorter_side : longer);
  }
  if (options.width == 0) return image;
  if (!options.letterbox) return resize(std::move(image), options.width, options.height);
  const Letterbox box = fit_letterbox(image.width, image.height, options.width, options.height);
  const FloatImage inner = resize(std::move(image), box.width, box.height);
  FloatImage canvas(options.width, options.height, inner.channels, static_cast<float>(options.fill));
  for (int y = 0; y < inner.height; ++y) {
    std::copy_n(inner.row(y), inner.width * inner.channels,
                canvas.row(box.top + y) + box.left * inner.channels);
  }
  return canvas;
}

FloatImage crop(FloatImage image, const ImageOptions& options) {
  if (options.crop_width == 0) return image;
  TENON_REQUIRE(options.crop_width <= image.width && options.crop_height <= image.height,
                "cannot crop {}x{} out of a picture of {}x{}", options.crop_width, options.crop_height,
                image.width, image.height);
  const int left = (image.width - options.crop_width) / 2;
  const int top = (image.height - options.crop_height) / 2;
  FloatImage out(options.crop_width, options.crop_height, image.channels);
  for (int y = 0; y < out.height; ++y) {
    std::copy_n(image.row(top + y) + left * image.channels, out.width * out.channels, out.row(y));
  }
  return out;
}

// Channel c of the result for one pixel of the source.
float channel_of(const float* pixel, int channels, ImageColor color, int c) {
  if (color == ImageColor::gray) {
    if (channels == 1) return pixel[0];
    return static_cast<float>(0.299 * static_cast<double>(pixel[0]) + 0.587 * static_cast<double>(pixel[1]) +
                              0.114 * static_cast<double>(pixel[2]));
  }
  if (channels == 1) return pixel[0];
  return pixel[color == ImageColor::rgb ? c : 2 - c];
}

double entry(const std::vector<float>& values, std::size_t c, double fallback) {
  if (values.empty()) return fallback;
  return static_cast<double>(values.size() == 1 ? values[0] : values[c]);
}

void check_options(const ImageOptions& o, std::size_t channels) {
  const auto side = [](int value, const char* what) {
    TENON_REQUIRE(value >= 0 && value <= kMaxSide, "{} of {} pixels: expected 1 to {}", what, value,
                  kMaxSide);
  };
  side(o.width, "a width");
  side(o.height, "a height");
  side(o.shorter_side, "a shorter side");
  side(o.crop_width, "a crop width");
  side(o.crop_height, "a crop height");
  TENON_REQUIRE((o.width == 0) == (o.height == 0), "a picture size needs both width and height");
  TENON_REQUIRE((o.crop_width == 0) == (o.crop_height == 0), "a crop needs both width and height");
  TENON_REQUIRE(o.shorter_side == 0 || o.width == 0,
                "a picture cannot be resized both by its shorter side and to a size");
  TENON_REQUIRE(!o.letterbox || o.width > 0, "letterbox needs the size of the canvas");
  TENON_REQUIRE(o.mean.size() <= 1 || o.mean.size() == channels, "{} means for {} channels", o.mean.size(),
                channels);
  TENON_REQUIRE(o.std.size() <= 1 || o.std.size() == channels, "{} standard deviations for {} channels",
                o.std.size(), channels);
  TENON_REQUIRE(std::isfinite(o.scale), "the scale must be a finite number");
  for (const float value : o.mean) TENON_REQUIRE(std::isfinite(value), "a mean must be a finite number");
  for (const float value : o.std)
    TENON_REQUIRE(std::isfinite(value) && value != 0, "a standard deviation must not be 0");
}

}  // namespace

Letterbox fit_letterbox(int width, int height, int canvas_width, int canvas_height) {
  TENON_REQUIRE(width > 0 && height > 0 && canvas_width > 0 && canvas_height > 0,
                "cannot fit {}x{} into {}x{}", width, height, canvas_width, canvas_height);
  Letterbox box;
  box.scale =
      std::min(static_cast<double>(canvas_width) / width, static_cast<double>(canvas_height) / height);
  box.width = std::min(canvas_width, round_to_int(width * box.scale));
  box.height = std::min(canvas_height, round_to_int(height * box.scale));
  box.left = (canvas_width - box.width) / 2;
  box.top = (canvas_height - box.height) / 2;
  return box;
}

Tensor to_tensor(const Image& image, const ImageOptions& options, DataType dtype) {
  const int channels = options.color == ImageColor::gray ? 1 : 3;
  check_options(options, static_cast<std::size_t>(channels));
  TENON_REQUIRE(dtype == DataType::f32 || dtype == DataType::u8, "a picture gives f32 or u8, not {}",
                name(dtype));
  TENON_REQUIRE(image.width > 0 && image.height > 0, "the picture is empty");

  FloatImage source(image.width, image.height, image.channels);
  std::copy(image.pixels.begin(), image.pixels.end(), source.pixels.begin());
  source = crop(to_size(std::move(source), options), options);

  const bool planar = options.layout == ImageLayout::nchw;
  const std::int64_t h = source.height;
  const std::int64_t w = source.width;
  Tensor tensor(dtype, planar ? Shape{1, channels, h, w} : Shape{1, h, w, channels});
  const std::int64_t step = planar ? 1 : channels;
  for (int c = 0; c < channels; ++c) {
    const double mean = entry(options.mean, static_cast<std::size_t>(c), 0);
    const double deviation = entry(options.std, static_cast<std::size_t>(c), 1);
    const double scale = static_cast<double>(options.scale);
    std::int64_t target = planar ? c * h * w : c;
    const float* pixel = source.pixels.data();
    for (std::int64_t i = 0; i < h * w; ++i, target += step, pixel += source.channels) {
      const double value =
          (static_cast<double>(channel_of(pixel, source.channels, options.color, c)) * scale - mean) /
          deviation;
      if (dtype == DataType::f32) {
        reinterpret_cast<float*>(tensor.mutable_data())[target] = static_cast<float>(value);
      } else {
        reinterpret_cast<std::uint8_t*>(tensor.mutable_data())[target] =
            static_cast<std::uint8_t>(std::clamp(std::nearbyint(value), 0.0, 255.0));
      }
    }
  }
  return tensor;
}

}  // namespace tenon
