// Convolutions and poolings: against the plainest loops.
#include "caffe/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::test {
namespace {

double at(const Tensor& x, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  const Shape& s = x.shape();
  if (h < 0 || w < 0 || h >= s[2] || w >= s[3]) return 0;
  return x.values<float>()[static_cast<std::size_t>(((n * s[1] + c) * s[2] + h) * s[3] + w)];
}

TEST(CaffeLayers, ConvolutionInTwoDimensions) {
  const Tensor x = counting({2, 4, 5, 6}, 0.25F);
  BlobText w{{6, 2, 3, 2}, {}};
  for (int i = 0; i < 72; ++i) w.values.push_back(static_cast<float>(i % 7 - 3));
  const Floats bias{1, 2, 3, 4, 5, 6};
  Floats expected;
  for (int n = 0; n < 2; ++n) {
    for (int m = 0; m < 6; ++m) {
      for (int oh = 0; oh < 3; ++oh) {    // (5 + 2·2 - 5) / 2 + 1
        for (int ow = 0; ow < 7; ++ow) {  // (6 + 2·1 - 2) / 1 + 1
          double sum = bias[static_cast<std::size_t>(m)];
          for (int c = 0; c < 2; ++c) {
            for (int kh = 0; kh < 3; ++kh) {
              for (int kw = 0; kw < 2; ++kw) {
                const auto tap = static_cast<std::size_t>(((m * 2 + c) * 3 + kh) * 2 + kw);
                sum += w.values[tap] * at(x, n, m / 3 * 2 + c, oh * 2 - 2 + kh * 2, ow - 1 + kw * 1);
              }
            }
          }
          expected.push_back(static_cast<float>(sum));
        }
      }
    }
  }
  const std::string fields = R"(convolution_param { num_output: 6 group: 2 kernel_h: 3 kernel_w: 2 stride_h: 2
      stride_w: 1 pad_h: 2 pad_w: 1 dilation: 2 dilation: 1 weight_filler { type: "xavier" } engine: CAFFE } )";
  expect_close(run_layer({"Convolution", fields, {x}, {w, {{6}, bias}}}).at(0), {2, 6, 3, 7}, expected);
}

TEST(CaffeLayers, ConvolutionInOneAndThreeDimensions) {
  expect_close(run_layer({"Convolution",
                          "convolution_param { num_output: 1 kernel_size: 2 bias_term: false }",
                          {floats({1, 1, 4}, {1, 2, 3, 5})},
                          {{{1, 1, 2}, {1, -1}}}})
                   .at(0),
               {1, 1, 3}, {-1, -1, -2});
  expect_close(run_layer({"Convolution",
                          "convolution_param { num_output: 1 kernel_size: 2 bias_term: false }",
                          {counting({1, 1, 2, 2, 3})},
                          {{{1, 1, 2, 2, 2}, Floats(8, 1)}}})
                   .at(0),
               {1, 1, 1, 1, 2}, {40, 48});
}

TEST(CaffeLayers, OneConvolutionForSeveralBottoms) {
  const auto tops = run_layer({"Convolution",
                               "convolution_param { num_output: 1 kernel_size: 1 bias_term: false }",
                               {floats({1, 1, 1, 2}, {1, 2}), floats({1, 1, 1, 2}, {3, 4})},
                               {{{1, 1, 1, 1}, {10}}},
                               2});
  expect_close(tops.at(0), {1, 1, 1, 2}, {10, 20});
  expect_close(tops.at(1), {1, 1, 1, 2}, {30, 40});
}

TEST(CaffeLayers, DepthwiseConvolution) {
  for (const std::string type : {"DepthwiseConvolution", "ConvolutionDepthwise"}) {
    expect_close(run_layer({type,
                            "convolution_param { num_output: 2 kernel_size: 1 bias_term: false }",
                            {floats({1, 2, 1, 1}, {3, 5})},
                            {{{2, 1, 1, 1}, {2, 10}}}})
                     .at(0),
                 {1, 2, 1, 1}, {6, 50});
  }
}

TEST(CaffeLayers, Deconvolution) {
  // Every element spreads its kernel; where kernels meet they add up.
  const std::string fields = "convolution_param { num_output: 1 kernel_size: 3 stride: 2 pad: 1 }";
  expect_close(run_layer({"Deconvolution",
                          fields,
                          {floats({1, 1, 1, 2}, {1, 10})},
                          {{{1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {{1}, {100}}}})
                   .at(0),
               {1, 1, 1, 3}, {105, 146, 150});
  // Two groups: channel 0 makes channels 0 and 1, channel 1 makes 2 and 3.
  expect_close(run_layer({"Deconvolution",
                          "convolution_param { num_output: 4 kernel_size: 1 group: 2 bias_term: false }",
                          {floats({1, 2, 1, 1}, {3, 5})},
                          {{{2, 2, 1, 1}, {1, 2, 3, 4}}}})
                   .at(0),
               {1, 4, 1, 1}, {3, 6, 15, 20});
}

TEST(CaffeLayers, Im2col) {
  const std::string fields = "convolution_param { kernel_size: 2 stride: 1 }";
  expect_close(run_layer({"Im2col", fields, {counting({1, 2, 2, 3})}}).at(0), {1, 8, 1, 2},
               {0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11});
}

struct PoolCase {
  std::string pool;
  std::int64_t height, width, kernel, stride, pad;
};

// Caffe's own rule, size by size.
std::int64_t pooled_size(std::int64_t size, const PoolCase& test) {
  const double steps =
      static_cast<double>(size + 2 * test.pad - test.kernel) / static_cast<double>(test.stride);
  auto pooled = static_cast<std::int64_t>(std::ceil(steps)) + 1;
  if (test.pad > 0 && (pooled - 1) * test.stride >= size + test.pad) --pooled;
  return pooled;
}

Floats pooled(const Tensor& x, const PoolCase& test) {
  Floats values;
  for (std::int64_t c = 0; c < x.shape()[1]; ++c) {
    for (std::int64_t ph = 0; ph < pooled_size(test.height, test); ++ph) {
      for (std::int64_t pw = 0; pw < pooled_size(test.width, test); ++pw) {
        const std::int64_t h0 = ph * test.stride - test.pad;
        const std::int64_t w0 = pw * test.stride - test.pad;
        const std::int64_t h1 = std::min(h0 + test.kernel, test.height + test.pad);
        const std::int64_t w1 = std::min(w0 + test.kernel, test.width + test.pad);
        double largest = -std::numeric_limits<double>::infinity();
        double sum = 0;
        double squares = 0;
        for (std::int64_t h = std::max<std::int64_t>(h0, 0); h < std::min(h1, test.height); ++h) {
          for (std::int64_t w = std::max<std::int64_t>(w0, 0); w < std::min(w1, test.width); ++w) {
            const double element = at(x, 0, c, h, w);
            largest = std::max(largest, element);
            sum += element;
            squares += element * element;
          }
        }
        const auto count = static_cast<double>((h1 - h0) * (w1 - w0));
        values.push_back(static_cast<float>(test.pool == "MAX"   ? largest
                                            : test.pool == "AVE" ? sum / count
                                                                 : squares / sum));
      }
    }
  }
  return values;
}

TEST(CaffeLayers, PoolingRoundsUp) {
  const PoolCase cases[] = {
      {"MAX", 7, 6, 3, 2, 0}, {"MAX", 6, 6, 3, 2, 0}, {"MAX", 5, 8, 2, 2, 1},        {"MAX", 4, 4, 2, 3, 1},
      {"AVE", 7, 6, 3, 2, 0}, {"AVE", 6, 5, 3, 2, 1}, {"AVE", 5, 8, 4, 3, 2},        {"AVE", 2, 3, 3, 2, 1},
      {"AVE", 4, 4, 2, 3, 1}, {"AVE", 3, 3, 4, 2, 0}, {"STOCHASTIC", 7, 6, 3, 2, 0}, {"MAX", 3, 4, 4, 2, 0},
  };
  for (const PoolCase& test : cases) {
    SCOPED_TRACE(fmt::format("{} {}x{} kernel {} stride {} pad {}", test.pool, test.height, test.width,
                             test.kernel, test.stride, test.pad));
    Tensor x = counting({1, 2, test.height, test.width});
    const auto values = x.mutable_values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 37) % 101);
    const std::string fields = fmt::format("pooling_param {{ pool: {} kernel_size: {} stride: {} pad: {} }}",
                                           test.pool, test.kernel, test.stride, test.pad);
    expect_close(run_layer({"Pooling", fields, {x}}).at(0),
                 {1, 2, pooled_size(test.height, test), pooled_size(test.width, test)}, pooled(x, test));
  }
}

TEST(CaffeLayers, PoolingInItsOtherForms) {
  const Tensor x = counting({1, 2, 2, 3});
  expect_close(run_layer({"Pooling", "pooling_param { pool: AVE global_pooling: true }", {x}}).at(0),
               {1, 2, 1, 1}, {2.5F, 8.5F});
  expect_close(run_layer({"Pooling", "pooling_param { global_pooling: true }", {x}}).at(0), {1, 2, 1, 1},
               {5, 11});
  expect_close(
      run_layer({"Pooling", "pooling_param { kernel_size: 2 stride: 2 round_mode: FLOOR }", {x}}).at(0),
      {1, 2, 1, 1}, {4, 10});
  const auto tops = run_layer({"Pooling", "pooling_param { kernel_h: 2 kernel_w: 1 }", {x}, {}, 2});
  expect_close(tops.at(0), {1, 2, 1, 3}, {3, 4, 5, 9, 10, 11});
  expect_close(tops.at(1), {1, 2, 1, 3}, {3, 4, 5, 3, 4, 5});  // places within the plane
  EXPECT_EQ(layer_error({"Pooling", "pooling_param { kernel_size: 2 pad: 2 }", {x}}),
            "the model cannot be imported:\n  'l' (Pooling): padding 2 is not smaller than the kernel 2");
}

TEST(CaffeLayers, Spp) {
  const Tensor x = counting({1, 1, 4, 4});
  expect_close(run_layer({"SPP", "spp_param { pyramid_height: 2 }", {x}}).at(0), {1, 5}, {15, 5, 7, 13, 15});
  // Three columns in two cells: the first one is half outside.
  expect_close(
      run_layer({"SPP", "spp_param { pyramid_height: 2 pool: AVE }", {counting({1, 1, 2, 3})}}).at(0), {1, 5},
      {2.5F, 0, 1.5F, 1.5F, 4.5F});
}

TEST(CaffeLayers, UpsampleUndoesPooling) {
  const std::string net = R"(
    layer { name: "p" type: "Pooling" bottom: "x" top: "p" top: "m" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "u" type: "Upsample" bottom: "p" bottom: "m" top: "u" upsample_param { scale: 2 } })";
  const Graph graph = import_net(input("x", {1, 2, 2, 4}) + net);
  const Tensor x = floats({1, 2, 2, 4}, {1, 9, 3, 2, 4, 5, 8, 1, 7, 0, 0, 1, 0, 0, 2, 0});
  expect_close(evaluate(graph, {x}).at(0), {1, 2, 2, 4}, {0, 9, 0, 0, 0, 0, 8, 0, 7, 0, 0, 0, 0, 0, 2, 0});
}

TEST(CaffeLayers, UpsampleAndInterp) {
  const Tensor x = floats({1, 1, 1, 2}, {1, 3});
  expect_close(run_layer({"Upsample", "upsample_param { scale: 2 }", {x}}).at(0), {1, 1, 2, 4},
               {1, 1, 3, 3, 1, 1, 3, 3});
  const Tensor square = floats({1, 1, 2, 2}, {0, 4, 8, 12});
  expect_close(run_layer({"Interp", "interp_param { height: 3 width: 2 }", {square}}).at(0), {1, 1, 3, 2},
               {0, 4, 4, 8, 8, 12});
  expect_close(run_layer({"Interp", "interp_param { zoom_factor: 2 }", {square}}).at(0), {1, 1, 3, 3},
               {0, 2, 4, 4, 6, 8, 8, 10, 12});
  expect_close(run_layer({"Interp", "interp_param { shrink_factor: 2 }", {counting({1, 1, 3, 3})}}).at(0),
               {1, 1, 2, 2}, {0, 2, 6, 8});
  expect_close(
      run_layer(
          {"Interp", "interp_param { pad_beg: -1 pad_end: -1 height: 1 width: 1 }", {counting({1, 1, 3, 3})}})
          .at(0),
      {1, 1, 1, 1}, {4});
}

}  // namespace
}  // namespace tenon::test
