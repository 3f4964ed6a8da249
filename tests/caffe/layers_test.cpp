// Layers of one element or between equals, norms, reductions: against formulas worked out by hand.
#include "caffe/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace tenon::test {
namespace {

struct Elementwise {
  std::string type;
  std::string fields;
  std::function<double(double)> formula;
};

const Floats kElements{-3, -1.5F, -0.25F, 0, 0.5F, 1, 2.75F, 7};

TEST(CaffeLayers, FunctionsOfOneElement) {
  const Elementwise cases[] = {
      {"AbsVal", "", [](double x) { return std::abs(x); }},
      {"BNLL", "", [](double x) { return std::log(1 + std::exp(x)); }},
      {"Clip", "clip_param { min: -1 max: 2 }", [](double x) { return std::min(std::max(x, -1.0), 2.0); }},
      {"Dropout", "dropout_param { dropout_ratio: 0.5 }", [](double x) { return x; }},
      {"ELU", "elu_param { alpha: 0.5 }", [](double x) { return x > 0 ? x : 0.5 * (std::exp(x) - 1); }},
      {"Exp", "", [](double x) { return std::exp(x); }},
      {"Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }", [](double x) { return std::pow(2, 1 + 0.5 * x); }},
      {"Log", "log_param { base: 10 scale: 2 shift: 8 }", [](double x) { return std::log10(8 + 2 * x); }},
      {"Log", "log_param { shift: 4 }", [](double x) { return std::log(4 + x); }},
      {"Power", "power_param { power: 3 scale: 0.5 shift: -1 }",
       [](double x) { return std::pow(0.5 * x - 1, 3); }},
      {"Power", "power_param { power: 2 }", [](double x) { return x * x; }},
      {"Power", "power_param { scale: 2 }", [](double x) { return 2 * x; }},
      {"ReLU", "", [](double x) { return x > 0 ? x : 0; }},
      {"ReLU", "relu_param { negative_slope: 0.1 engine: CUDNN }",
       [](double x) { return x > 0 ? x : 0.1 * x; }},
      {"ReLU6", "", [](double x) { return std::min(std::max(x, 0.0), 6.0); }},
      {"Sigmoid", "", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Swish", "swish_param { beta: 2 }", [](double x) { return x / (1 + std::exp(-2 * x)); }},
      {"TanH", "", [](double x) { return std::tanh(x); }},
      {"Threshold", "threshold_param { threshold: 0.5 }", [](double x) { return x > 0.5 ? 1 : 0; }},
  };
  for (const Elementwise& test : cases) {
    SCOPED_TRACE(test.type + " " + test.fields);
    Floats expected;
    for (const float x : kElements) expected.push_back(static_cast<float>(test.formula(x)));
    expect_close(run_layer({test.type, test.fields, {floats({2, 4}, kElements)}}).at(0), {2, 4}, expected);
  }
}

TEST(CaffeLayers, PreluHasASlopeForEachChannelOrOneForAll) {
  const Tensor x = floats({1, 2, 2}, {-1, 2, -3, 4});
  expect_close(run_layer({"PReLU", "", {x}, {{{2}, {0.5F, 0.1F}}}}).at(0), {1, 2, 2}, {-0.5F, 2, -0.3F, 4});
  expect_close(run_layer({"PReLU", "prelu_param { channel_shared: true }", {x}, {{{}, {0.5F}}}}).at(0),
               {1, 2, 2}, {-0.5F, 2, -1.5F, 4});
}

TEST(CaffeLayers, Eltwise) {
  const Tensor a = floats({2, 2}, {1, 2, 3, 4});
  const Tensor b = floats({2, 2}, {5, -1, 0, 4});
  const Tensor c = floats({2, 2}, {2, 2, 2, 2});
  expect_close(run_layer({"Eltwise", "", {a, b, c}}).at(0), {2, 2}, {8, 3, 5, 10});
  expect_close(run_layer({"Eltwise", "eltwise_param { operation: PROD }", {a, b, c}}).at(0), {2, 2},
               {10, -4, 0, 32});
  expect_close(run_layer({"Eltwise", "eltwise_param { operation: MAX }", {a, b, c}}).at(0), {2, 2},
               {5, 2, 3, 4});
  expect_close(
      run_layer({"Eltwise", "eltwise_param { operation: SUM coeff: 1 coeff: -1 coeff: 0.5 }", {a, b, c}})
          .at(0),
      {2, 2}, {-3, 4, 4, 1});
  EXPECT_EQ(layer_error({"Eltwise", "", {a, floats({2, 1}, {1, 2})}}),
            "the model cannot be imported:\n  'l' (Eltwise): the bottoms have different shapes");
  EXPECT_EQ(layer_error({"Eltwise", "eltwise_param { coeff: 2 }", {a, b}}),
            "the model cannot be imported:\n  'l' (Eltwise): 1 factors 'coeff' for 2 bottoms");
}

TEST(CaffeLayers, ScaleAndBias) {
  const Tensor x = floats({1, 2, 2}, {1, 2, 3, 4});
  expect_close(
      run_layer({"Scale", "scale_param { bias_term: true }", {x}, {{{2}, {2, 10}}, {{2}, {1, -1}}}}).at(0),
      {1, 2, 2}, {3, 5, 29, 39});
  expect_close(run_layer({"Scale", "scale_param { axis: 2 }", {x}, {{{2}, {2, 10}}}}).at(0), {1, 2, 2},
               {2, 20, 6, 40});
  expect_close(run_layer({"Scale", "scale_param { num_axes: -1 }", {x}, {{{2, 2}, {1, 2, 3, 4}}}}).at(0),
               {1, 2, 2}, {1, 4, 9, 16});
  expect_close(run_layer({"Scale", "scale_param { num_axes: 0 }", {x}, {{{}, {3}}}}).at(0), {1, 2, 2},
               {3, 6, 9, 12});
  expect_close(run_layer({"Scale", "scale_param { axis: 0 }", {x, floats({1, 2}, {2, 10})}}).at(0), {1, 2, 2},
               {2, 4, 30, 40});
  expect_close(run_layer({"Bias", "", {x}, {{{2}, {1, -1}}}}).at(0), {1, 2, 2}, {2, 3, 2, 3});
  expect_close(run_layer({"Bias", "bias_param { axis: 1 }", {x, floats({2, 2}, {1, 2, 3, 4})}}).at(0),
               {1, 2, 2}, {2, 4, 6, 8});
}

TEST(CaffeLayers, Axpy) {
  const Tensor x = floats({1, 2, 1, 2}, {1, 2, 3, 4});
  const Tensor y = floats({1, 2, 1, 2}, {10, 20, 30, 40});
  for (const Shape& shape : {Shape{1, 2, 1, 1}, Shape{1, 2}})
    expect_close(run_layer({"Axpy", "", {floats(shape, {2, -1}), x, y}}).at(0), {1, 2, 1, 2},
                 {12, 24, 27, 36});
}

TEST(CaffeLayers, BatchNormDividesItsSums) {
  const Tensor x = floats({1, 2, 2}, {1, 3, 10, 20});
  const std::vector<BlobText> blobs{
      {{2}, {4, 20}}, {{2}, {8, 50}}, {{1}, {2}}};  // means 2, 10; variances 4, 25
  const std::string epsilon = "batch_norm_param { eps: 0 }";
  expect_close(run_layer({"BatchNorm", epsilon, {x}, blobs}).at(0), {1, 2, 2}, {-0.5F, 0.5F, 0, 2});
  // A count of 0 stands for statistics of 0.
  expect_close(
      run_layer({"BatchNorm", "batch_norm_param { eps: 1 }", {x}, {blobs[0], blobs[1], {{1}, {0}}}}).at(0),
      {1, 2, 2}, {1, 3, 10, 20});
  expect_close(run_layer({"BatchNorm",
                          "batch_norm_param { eps: 0 scale_bias: true }",
                          {x},
                          {blobs[0], blobs[1], blobs[2], {{2}, {2, 3}}, {{2}, {1, -1}}}})
                   .at(0),
               {1, 2, 2}, {0, 2, -1, 5});
  expect_close(run_layer({"BatchNorm", "batch_norm_param { eps: 0 use_global_stats: false }", {x}}).at(0),
               {1, 2, 2}, {-1, 1, -1, 1});
}

TEST(CaffeLayers, LrnAcrossAndWithinChannels) {
  const Tensor x = floats({1, 3, 1, 2}, {1, 2, 3, 4, 5, 6});
  Floats across;
  Floats within;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < 2; ++i) {
      const auto at = [&](int channel, int place) {
        const bool inside = channel >= 0 && channel < 3 && place >= 0 && place < 2;
        return inside ? 1.0 + channel * 2 + place : 0.0;
      };
      double channels = 0;
      double places = 0;
      for (int d = -1; d <= 1; ++d) {
        channels += at(c + d, i) * at(c + d, i);
        places += at(c, i + d) * at(c, i + d);
      }
      across.push_back(static_cast<float>(at(c, i) / std::pow(2 + 0.5 / 3 * channels, 0.75)));
      within.push_back(static_cast<float>(at(c, i) / std::pow(1 + 0.5 / 9 * places, 0.75)));
    }
  }
  const std::string common = "local_size: 3 alpha: 0.5 beta: 0.75 k: 2";
  expect_close(run_layer({"LRN", fmt::format("lrn_param {{ {} }}", common), {x}}).at(0), {1, 3, 1, 2},
               across);
  expect_close(
      run_layer({"LRN", fmt::format("lrn_param {{ {} norm_region: WITHIN_CHANNEL }}", common), {x}}).at(0),
      {1, 3, 1, 2}, within);
}

TEST(CaffeLayers, Mvn) {
  const Tensor x = floats({1, 2, 1, 2}, {1, 3, 10, 30});
  expect_close(run_layer({"MVN", "", {x}}).at(0), {1, 2, 1, 2}, {-1, 1, -1, 1});
  expect_close(run_layer({"MVN", "mvn_param { normalize_variance: false }", {x}}).at(0), {1, 2, 1, 2},
               {-1, 1, -10, 10});
  expect_close(run_layer({"MVN", "mvn_param { normalize_variance: false across_channels: true }", {x}}).at(0),
               {1, 2, 1, 2}, {-10, -8, -1, 19});
}

TEST(CaffeLayers, NormalizeOfSsd) {
  const Tensor x = floats({1, 2, 1, 2}, {3, 1, 4, 0});
  const std::string by_place = "norm_param { across_spatial: false channel_shared: false }";
  expect_close(run_layer({"Normalize", by_place, {x}, {{{2}, {10, 20}}}}).at(0), {1, 2, 1, 2},
               {6, 10, 16, 0});
  const auto part = [](float v) { return v / std::sqrt(26.0F); };
  expect_close(run_layer({"Normalize", "", {x}, {{{1}, {1}}}}).at(0), {1, 2, 1, 2},
               {part(3), part(1), part(4), 0});
}

TEST(CaffeLayers, SoftmaxAlongAnAxis) {
  const auto share = [](double a, double b) {
    return static_cast<float>(std::exp(a) / (std::exp(a) + std::exp(b)));
  };
  const Tensor x = floats({1, 2, 2}, {1, 2, 3, 5});
  expect_close(run_layer({"Softmax", "", {x}}).at(0), {1, 2, 2},
               {share(1, 3), share(2, 5), share(3, 1), share(5, 2)});
  expect_close(run_layer({"Softmax", "softmax_param { axis: -1 }", {x}}).at(0), {1, 2, 2},
               {share(1, 2), share(2, 1), share(3, 5), share(5, 3)});
}

TEST(CaffeLayers, ArgMax) {
  const Tensor x = floats({2, 3}, {1, 7, 5, 9, 2, 4});
  expect_close(run_layer({"ArgMax", "", {x}}).at(0), {2, 1, 1}, {1, 0});
  expect_close(run_layer({"ArgMax", "argmax_param { top_k: 2 }", {x}}).at(0), {2, 1, 2}, {1, 2, 0, 2});
  expect_close(run_layer({"ArgMax", "argmax_param { top_k: 2 out_max_val: true }", {x}}).at(0), {2, 2, 2},
               {1, 2, 7, 5, 0, 2, 9, 4});
  expect_close(run_layer({"ArgMax", "argmax_param { axis: 0 }", {x}}).at(0), {1, 3}, {1, 0, 0});
  expect_close(run_layer({"ArgMax", "argmax_param { axis: 1 out_max_val: true }", {x}}).at(0), {2, 1},
               {7, 9});
}

TEST(CaffeLayers, Reduction) {
  const Tensor x = floats({2, 2}, {1, -2, 3, 4});
  const auto run = [&](const std::string& fields) {
    return run_layer({"Reduction", "reduction_param { axis: 1 " + fields + " }", {x}}).at(0);
  };
  expect_close(run(""), {2}, {-1, 7});
  expect_close(run("operation: ASUM"), {2}, {3, 7});
  expect_close(run("operation: SUMSQ"), {2}, {5, 25});
  expect_close(run("operation: MEAN coeff: 2"), {2}, {-1, 7});
  expect_close(run_layer({"Reduction", "", {x}}).at(0), {}, {6});
}

TEST(CaffeLayers, InnerProduct) {
  const Tensor x = floats({1, 2, 2}, {1, 2, 3, 4});
  const std::string two = "inner_product_param { num_output: 2 ";
  const BlobText w{{2, 4}, {1, 1, 1, 1, 1, 0, 0, -1}};
  expect_close(run_layer({"InnerProduct", two + "}", {x}, {w, {{2}, {10, 20}}}}).at(0), {1, 2}, {20, 17});
  expect_close(run_layer({"InnerProduct",
                          two + "bias_term: false transpose: true }",
                          {x},
                          {{{4, 2}, {1, 1, 1, 0, 1, 0, 1, -1}}}})
                   .at(0),
               {1, 2}, {10, -3});
  expect_close(
      run_layer({"InnerProduct", two + "axis: 2 bias_term: false }", {x}, {{{2, 2}, {1, 0, 1, 1}}}}).at(0),
      {1, 2, 2}, {1, 3, 3, 7});
}

TEST(CaffeLayers, Embed) {
  const std::string fields = "embed_param { num_output: 2 input_dim: 3 ";
  const BlobText table{{3, 2}, {1, 2, 3, 4, 5, 6}};
  expect_close(run_layer({"Embed", fields + "}", {floats({2, 1}, {2, 0})}, {table, {{2}, {10, 20}}}}).at(0),
               {2, 1, 2}, {15, 26, 11, 22});
  expect_close(run_layer({"Embed", fields + "bias_term: false }", {floats({1}, {1})}, {table}}).at(0), {1, 2},
               {3, 4});
}

TEST(CaffeLayers, FilterAndBatchReindex) {
  const Tensor x = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto kept = run_layer({"Filter", "", {x, floats({3}, {7, 8, 9}), floats({3, 1}, {1, 0, 1})}, {}, 2});
  expect_close(kept.at(0), {2, 2}, {1, 2, 5, 6});
  expect_close(kept.at(1), {2}, {7, 9});
  expect_close(run_layer({"BatchReindex", "", {x, floats({4}, {2, 0, 0, 1})}}).at(0), {4, 2},
               {5, 6, 1, 2, 1, 2, 3, 4});
}

TEST(CaffeLayers, LossesGiveWhatIsPredicted) {
  const std::string inputs = "input: 'x' input_shape { dim: 1 dim: 2 } input: 'label' input_shape { dim: 1 }";
  const Tensor x = floats({1, 2}, {0, 1});
  const float e = std::exp(1.0F);
  const auto run = [&](const std::string& type, const std::string& fields) {
    return evaluate(import_net(inputs + layer(type, fields, "x label")), {x}).at(0);
  };
  expect_close(run("SoftmaxWithLoss", "loss_param { ignore_label: 255 }"), {1, 2},
               {1 / (1 + e), e / (1 + e)});
  expect_close(run("SigmoidCrossEntropyLoss", ""), {1, 2}, {0.5F, e / (1 + e)});
}

}  // namespace
}  // namespace tenon::test
