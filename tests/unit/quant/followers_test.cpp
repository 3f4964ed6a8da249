#include "quant/followers.hpp"

#include "ir/parser.hpp"
#include "ops/registry.hpp"

#include <gtest/gtest.h>

#include <map>

namespace tenon::quant {
namespace {

using ByName = std::map<std::string, std::vector<Clamped>>;

ByName followers_of(std::string_view text) {
  const Graph graph = parse(text, builtin_ops());
  const auto values = observed_values(graph);
  const auto parts = followers(graph, values);
  EXPECT_EQ(parts.size(), values.size());
  ByName result;
  for (std::size_t i = 0; i < values.size(); ++i) result[values[i].name] = parts[i];
  return result;
}

TEST(Followers, ValuesThatAreMovedJoinedOrClamped) {
  const ByName parts = followers_of(R"(
graph @net(%x: f32[2,4]) {
  %two = constant {value=f32[1] [2.0]} : f32[1]
  %y = mul(%x, %two) : f32[2,4]
  %r = relu(%y) : f32[2,4]
  %t = transpose(%r) {perm=[1,0]} : f32[4,2]
  %z = exp(%t) : f32[4,2]
  %c = clip(%z) {alpha=0.0, beta=6.0} : f32[4,2]
  %j = concat(%t, %c, %t) {axis=0} : f32[12,2]
  %k = clip(%j) {alpha=0.0, beta=6.0} : f32[12,2]
  %m = exp(%k) : f32[12,2]
  return %m as "m"
})");
  // 0 x, 1 y, 2 r, 3 t, 4 z, 5 c, 6 j, 7 k, 8 m
  EXPECT_EQ(parts.at("x"), (std::vector<Clamped>{{0}}));
  EXPECT_EQ(parts.at("y"), (std::vector<Clamped>{{1}}));
  EXPECT_EQ(parts.at("r"), (std::vector<Clamped>{{1, 0, kUnlimited}}));
  EXPECT_EQ(parts.at("t"), (std::vector<Clamped>{{1, 0, kUnlimited}}));
  EXPECT_EQ(parts.at("z"), (std::vector<Clamped>{{4}}));
  EXPECT_EQ(parts.at("c"), (std::vector<Clamped>{{4, 0, 6}}));
  EXPECT_EQ(parts.at("j"), (std::vector<Clamped>{{1, 0, kUnlimited}, {4, 0, 6}, {1, 0, kUnlimited}}));
  EXPECT_EQ(parts.at("k"), (std::vector<Clamped>{{1, 0, 6}, {4, 0, 6}, {1, 0, 6}}));
  EXPECT_EQ(parts.at("m"), (std::vector<Clamped>{{8}}));
}

TEST(Followers, PaddingAddsZerosInProportion) {
  const ByName parts = followers_of(R"(
graph @net(%x: f32[N,2,4]) {
  %zero = constant {value=f32[] [0]} : f32[]
  %one = constant {value=f32[] [1]} : f32[]
  %p = pad(%x) {pads=[0,0,1,0,0,1]} : f32[N,2,6]
  %r = relu(%p) : f32[N,2,6]
  %q = pad(%r, _, %zero) {pads=[1,0], axes=[-2]} : f32[N,3,6]
  %same = pad(%x) {pads=[0,0,0,0,0,0]} : f32[N,2,4]
  %ones = pad(%x, _, %one) {pads=[0,0,1,0,0,1]} : f32[N,2,6]
  %edge = pad(%x) {mode="edge", pads=[0,0,1,0,0,1]} : f32[N,2,6]
  %less = pad(%x) {pads=[0,0,1,0,0,-1]} : f32[N,2,4]
  %more = pad(%x) {pads=[1,0,0,0,0,0]} : f32[N + 1,2,4]
  %joined = concat(%p, %r) {axis=1} : f32[N,4,6]
  %wide = pad(%joined) {pads=[0,0,1,0,0,0]} : f32[N,4,7]
  return %q as "q"
})");
  // 0 x, 1 p, 2 r, 3 q, 4 same, 5 ones, 6 edge, 7 less, 8 more, 9 joined, 10 wide
  EXPECT_EQ(parts.at("p"), (std::vector<Clamped>{{0, -kUnlimited, kUnlimited, 2, 4}}));
  EXPECT_EQ(parts.at("r"), (std::vector<Clamped>{{0, 0, kUnlimited, 2, 4}}));
  EXPECT_EQ(parts.at("q"), (std::vector<Clamped>{{0, 0, kUnlimited, 10, 8}})) << "18 of 8";
  EXPECT_EQ(parts.at("same"), (std::vector<Clamped>{{0}}));
  EXPECT_EQ(parts.at("ones"), (std::vector<Clamped>{{5}}));
  EXPECT_EQ(parts.at("edge"), (std::vector<Clamped>{{6}}));
  EXPECT_EQ(parts.at("less"), (std::vector<Clamped>{{7}}));
  EXPECT_EQ(parts.at("more"), (std::vector<Clamped>{{8}})) << "fewer zeros a sample in larger batches";
  EXPECT_EQ(parts.at("joined"),
            (std::vector<Clamped>{{0, -kUnlimited, kUnlimited, 2, 4}, {0, 0, kUnlimited, 2, 4}}));
  EXPECT_EQ(parts.at("wide"), (std::vector<Clamped>{{10}}));
}

TEST(Followers, WhatATallyCannotTellIsCounted) {
  const ByName parts = followers_of(R"(
graph @net(%x: f32[4], %h: f16[4]) {
  %known = constant {value=f32[1] [2.0]} : f32[1]
  %six = clip(%x) {alpha=0.0, beta=6.0} : f32[4]
  %four = clip(%x) {alpha=0.0, beta=4.0} : f32[4]
  %again = clip(%six) {alpha=0.0, beta=7.0} : f32[4]
  %both = clip(%x) {alpha=-1.0, beta=1.0} : f32[4]
  %none = clip(%x) {} : f32[4]
  %joined = concat(%x, %known) {axis=0} : f32[5]
  %half = relu(%h) : f16[4]
  %leaky = leaky_relu(%x) {alpha=0.1} : f32[4]
  return %leaky as "y"
})");
  // 0 x, 1 h, 2 six, 3 four, 4 again, 5 both, 6 none, 7 joined, 8 half, 9 leaky
  EXPECT_EQ(parts.at("six"), (std::vector<Clamped>{{0, 0, 6}}));
  EXPECT_EQ(parts.at("four"), (std::vector<Clamped>{{3}})) << "x has another cap already";
  EXPECT_EQ(parts.at("again"), (std::vector<Clamped>{{0, 0, 6}}));
  EXPECT_EQ(parts.at("both"), (std::vector<Clamped>{{5}}));
  EXPECT_EQ(parts.at("none"), (std::vector<Clamped>{{0}}));
  EXPECT_EQ(parts.at("joined"), (std::vector<Clamped>{{7}}));
  EXPECT_EQ(parts.at("half"), (std::vector<Clamped>{{8}}));
  EXPECT_EQ(parts.at("leaky"), (std::vector<Clamped>{{9}}));
}

}  // namespace
}  // namespace tenon::quant
