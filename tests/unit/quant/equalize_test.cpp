// Equalization against closed forms, and the float network's answers before and after.
#include "quant/equalize.hpp"

#include "backends/ref/ref.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tenon::quant {
namespace {

// first → leaky → depthwise → relu → pool → last; "last" reads what two nodes read further on.
constexpr std::string_view kNet = R"(
graph @net(%x: f32[1,1,2,2]) {
  %w1 = constant {value=f32[2,1,1,1] [8.0, 0.25]} : f32[2,1,1,1]
  %b1 = constant {value=f32[2] [1.0, -0.125]} : f32[2]
  %w2 = constant {value=f32[2,1,1,1] [3.0, 5.0]} : f32[2,1,1,1]
  %w3 = constant {value=f32[3,2,1,1] [1.0, 16.0, -2.0, 0.5, 0.0, 8.0]} : f32[3,2,1,1]
  %w4 = constant {value=f32[1,3,1,1] [1.0, 2.0, 3.0]} : f32[1,3,1,1]
  %w5 = constant {value=f32[1,3,1,1] [3.0, 2.0, 1.0]} : f32[1,3,1,1]
  %a = conv(%x, %w1, %b1) : f32[1,2,2,2] loc("first")
  %l = leaky_relu(%a) {alpha=0.1} : f32[1,2,2,2]
  %d = conv(%l, %w2) {group=2} : f32[1,2,2,2] loc("depthwise")
  %r = relu(%d) : f32[1,2,2,2]
  %p = max_pool(%r) {kernel=[2,2]} : f32[1,2,1,1]
  %t = conv(%p, %w3) : f32[1,3,1,1] loc("third")
  %u = conv(%t, %w4) : f32[1,1,1,1] loc("fourth")
  %v = conv(%t, %w5) : f32[1,1,1,1] loc("fifth")
  return %u as "u", %v as "v"
})";

Graph net() { return parse(kNet, builtin_ops()); }

std::vector<std::vector<float>> answers(const Graph& graph) {
  const std::vector<float> x = {0.7F, -1.3F, 2.1F, 0.01F};
  const std::vector<Data> inputs = {Data(Tensor::of<float>({1, 1, 2, 2}, x))};
  std::vector<std::vector<float>> result;
  for (const Data& output : ref::evaluate(graph, inputs)) {
    const auto values = output.tensor().values<float>();
    result.emplace_back(values.begin(), values.end());
  }
  return result;
}

TEST(Equalize, FindsLayersWithOneReader) {
  const Graph graph = net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  const std::vector<Link> links = find_links(graph, layers);
  ASSERT_EQ(links.size(), 2U);  // what "third" computes is read twice
  EXPECT_EQ(layers[links[0].first].name, "first");
  EXPECT_EQ(layers[links[0].second].name, "depthwise");
  EXPECT_EQ(layers[links[1].first].name, "depthwise");
  EXPECT_EQ(layers[links[1].second].name, "third");
  EXPECT_TRUE(is_depthwise(layers[links[0].second]));
  EXPECT_FALSE(is_depthwise(layers[links[1].second]));
}

TEST(Equalize, WhatIsSeenElsewhereIsNoLink) {
  Graph graph = net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  graph.add_output("seen", layers[0].output);
  EXPECT_EQ(find_links(graph, quantizable_layers(graph)).size(), 1U);
}

TEST(Equalize, FactorsOfAPlainLayerAreRootsOfTheRatio) {
  // √(a / b): 4, 1/2, 2, relative to that of the largest, 4.
  EXPECT_EQ(equalizing_factors({16, 1, 4}, {1, 4, 1}, false), (std::vector<float>{1, 0.125F, 0.5F}));
  // Powers of two that are nearest to the root: √8 → 2^round(1.5), to even 4; √2 → 2^round(0.5), 1.
  EXPECT_EQ(equalizing_factors({8, 2}, {1, 1}, false), (std::vector<float>{1, 0.25F}));
  EXPECT_EQ(equalizing_factors({0, 2, 5}, {1, 1, 0}, false), (std::vector<float>{1, 1, 1}));
}

TEST(Equalize, FactorsOfADepthwiseLayerMakeRangesEqual) {
  EXPECT_EQ(equalizing_factors({16, 1, 5, 0}, {7, 0.01F, 3, 1}, true),
            (std::vector<float>{1, 1 / 16.0F, 0.25F, 1}));
}

TEST(Equalize, MaximaAreThoseOfInputChannels) {
  const Graph graph = net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  EXPECT_EQ(input_channel_maxima(graph, layers[1]), (std::vector<float>{3, 5}));
  EXPECT_EQ(input_channel_maxima(graph, layers[2]), (std::vector<float>{2, 16}));
  const std::vector<Link> links = find_links(graph, layers);
  const Graph measured = with_channel_maxima(graph, layers, links);
  measured.verify();
  // 8 · 2.1 + 1 and leaky(0.25 · 2.1 - 0.125) of "first"; 3 and 5 times that of "depthwise".
  const auto found = answers(measured);
  EXPECT_FLOAT_EQ(found.at(2).at(0), 17.8F);
  EXPECT_FLOAT_EQ(found.at(2).at(1), 0.4F);
  EXPECT_FLOAT_EQ(found.at(3).at(0), 53.4F);
  EXPECT_FLOAT_EQ(found.at(3).at(1), 2.0F);
}

TEST(Equalize, KeepsEveryBitOfTheAnswers) {
  const Graph graph = net();
  const std::vector<Layer> layers = quantizable_layers(graph);
  const std::vector<Link> links = find_links(graph, layers);
  const Graph scaled = equalize(graph, layers, links, {{4, 0.125F}, {1, 0.0625F}});
  scaled.verify();
  EXPECT_EQ(answers(scaled), answers(graph));
  const std::vector<Layer> after = quantizable_layers(scaled);
  EXPECT_EQ(weight_rows(scaled, after[0]), (std::vector<float>{2, 2}));
  EXPECT_EQ(bias_of(scaled, after[0]), (std::vector<float>{0.25F, -1}));
  EXPECT_EQ(weight_rows(scaled, after[1]), (std::vector<float>{12, 10}));  // · 4 / 1 and / 8 · 16
  EXPECT_EQ(weight_rows(scaled, after[2]), (std::vector<float>{1, 1, -2, 0.03125F, 0, 0.5F}));
  EXPECT_EQ(weight_rows(equalize(graph, layers, links, {{}, {}}), layers[0]), weight_rows(graph, layers[0]));
}

TEST(Equalize, ReachesThroughTransposedConvolutions) {
  const Graph graph = parse(R"(
graph @net(%x: f32[1,1,2,2]) {
  %w1 = constant {value=f32[2,1,1,1] [8.0, 0.25]} : f32[2,1,1,1]
  %w2 = constant {value=f32[2,3,1,2] [1, 2, 3, 4, 5, 6, -7, 8, 9, 10, 11, 12]} : f32[2,3,1,2]
  %w3 = constant {value=f32[1,3,1,1] [1.0, 2.0, 3.0]} : f32[1,3,1,1]
  %a = conv(%x, %w1) : f32[1,2,2,2] loc("first")
  %r = relu(%a) : f32[1,2,2,2]
  %u = conv_transpose(%r, %w2) {stride=[1,2]} : f32[1,3,2,4] loc("up")
  %z = conv(%u, %w3) : f32[1,1,2,4] loc("last")
  return %z as "z"
})",
                            builtin_ops());
  const std::vector<Layer> layers = quantizable_layers(graph);
  const std::vector<Link> links = find_links(graph, layers);
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(input_channel_maxima(graph, layers[1]), (std::vector<float>{6, 12}));
  const Graph scaled = equalize(graph, layers, links, {{4, 0.5F}, {2, 1, 0.25F}});
  scaled.verify();
  EXPECT_EQ(answers(scaled), answers(graph));
  EXPECT_EQ(weight_rows(scaled, quantizable_layers(scaled)[1]),
            (std::vector<float>{2, 4, -1.75F, 2, 12, 16, 4.5F, 5, 80, 96, 22, 24}));
}

}  // namespace
}  // namespace tenon::quant
