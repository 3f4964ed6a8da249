// Layers that move elements.
#include "caffe/support.hpp"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

Shape reshaped(const Shape& from, const std::string& fields) {
  return run_layer({"Reshape", "reshape_param { " + fields + " }", {counting(from)}}).at(0).shape();
}

TEST(CaffeLayers, Reshape) {
  EXPECT_EQ(reshaped({2, 3, 4}, "shape { dim: 0 dim: -1 }"), (Shape{2, 12}));
  EXPECT_EQ(reshaped({2, 3, 4}, "shape { dim: 2 dim: -1 } axis: 2"), (Shape{2, 3, 2, 2}));
  EXPECT_EQ(reshaped({2, 3, 4}, "shape { dim: 3 dim: 1 } axis: 1 num_axes: 1"), (Shape{2, 3, 1, 4}));
  EXPECT_EQ(reshaped({2, 3, 4}, "shape { dim: 1 dim: 1 } axis: -1"), (Shape{2, 3, 4, 1, 1}));
  EXPECT_EQ(reshaped({2, 3, 4}, "axis: 1 num_axes: 0 shape { dim: 1 }"), (Shape{2, 1, 3, 4}));
  expect_close(run_layer({"Reshape", "reshape_param { shape { dim: 3 dim: 2 } }", {counting({2, 3})}}).at(0),
               {3, 2}, {0, 1, 2, 3, 4, 5});
  EXPECT_NE(layer_error({"Reshape", "reshape_param { shape { dim: -1 dim: -1 } }", {counting({2, 3})}}), "");
  EXPECT_NE(layer_error({"Reshape", "reshape_param { shape { dim: 2 dim: 3 dim: 0 } }", {counting({2, 3})}}),
            "");
  EXPECT_NE(layer_error({"Reshape", "reshape_param { shape { dim: 4 dim: 2 } }", {counting({2, 3})}}), "");
}

TEST(CaffeLayers, Flatten) {
  EXPECT_EQ(run_layer({"Flatten", "", {counting({2, 3, 4})}}).at(0).shape(), (Shape{2, 12}));
  EXPECT_EQ(
      run_layer({"Flatten", "flatten_param { axis: 1 end_axis: 2 }", {counting({2, 3, 4, 5})}}).at(0).shape(),
      (Shape{2, 12, 5}));
  EXPECT_EQ(run_layer({"Flatten", "flatten_param { axis: 0 }", {counting({2, 3})}}).at(0).shape(),
            (Shape{6}));
}

TEST(CaffeLayers, Permute) {
  expect_close(
      run_layer(
          {"Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }", {counting({1, 2, 1, 3})}})
          .at(0),
      {1, 1, 3, 2}, {0, 3, 1, 4, 2, 5});
  expect_close(run_layer({"Permute", "permute_param { order: 1 }", {counting({2, 3})}}).at(0), {3, 2},
               {0, 3, 1, 4, 2, 5});
  EXPECT_EQ(layer_error({"Permute", "permute_param { order: 1 order: 1 }", {counting({2, 3})}}),
            "the model cannot be imported:\n  'l' (Permute): field 'order' names the axis 1");
}

TEST(CaffeLayers, ShuffleChannel) {
  expect_close(
      run_layer({"ShuffleChannel", "shuffle_channel_param { group: 2 }", {counting({1, 6, 1, 1})}}).at(0),
      {1, 6, 1, 1}, {0, 3, 1, 4, 2, 5});
}

TEST(CaffeLayers, ConcatAndSlice) {
  expect_close(run_layer({"Concat", "", {floats({1, 1}, {1}), floats({1, 2}, {2, 3})}}).at(0), {1, 3},
               {1, 2, 3});
  expect_close(
      run_layer({"Concat", "concat_param { concat_dim: 0 }", {floats({1, 1}, {1}), floats({1, 1}, {2})}})
          .at(0),
      {2, 1}, {1, 2});
  const auto halves = run_layer({"Slice", "slice_param { axis: 0 }", {counting({4})}, {}, 2});
  expect_close(halves.at(0), {2}, {0, 1});
  expect_close(halves.at(1), {2}, {2, 3});
  const auto parts =
      run_layer({"Slice", "slice_param { slice_point: 1 slice_point: 3 }", {counting({1, 6})}, {}, 3});
  expect_close(parts.at(0), {1, 1}, {0});
  expect_close(parts.at(1), {1, 2}, {1, 2});
  expect_close(parts.at(2), {1, 3}, {3, 4, 5});
  EXPECT_EQ(layer_error({"Slice", "", {counting({1, 5})}, {}, 2}),
            "the model cannot be imported:\n  'l' (Slice): 5 does not fall into 2 equal parts");
}

TEST(CaffeLayers, Tile) {
  expect_close(run_layer({"Tile", "tile_param { tiles: 2 }", {counting({1, 2})}}).at(0), {1, 4},
               {0, 1, 0, 1});
  expect_close(run_layer({"Tile", "tile_param { tiles: 2 axis: 0 }", {counting({1, 2})}}).at(0), {2, 2},
               {0, 1, 0, 1});
}

TEST(CaffeLayers, Crop) {
  const Tensor x = counting({1, 1, 3, 4});
  expect_close(run_layer({"Crop", "crop_param { axis: 2 offset: 1 }", {x, counting({1, 1, 2, 2})}}).at(0),
               {1, 1, 2, 2}, {5, 6, 9, 10});
  expect_close(
      run_layer({"Crop", "crop_param { axis: 2 offset: 0 offset: 2 }", {x, counting({1, 7, 2, 2})}}).at(0),
      {1, 1, 2, 2}, {2, 3, 6, 7});
  EXPECT_EQ(
      layer_error({"Crop", "crop_param { offset: 2 }", {x, counting({1, 1, 2, 2})}}),
      "the model cannot be imported:\n  'l' (Crop): 2 elements from 2 on do not lie within 3 of axis 2");
}

TEST(CaffeLayers, SplitGivesTheSameToAll) {
  const auto tops = run_layer({"Split", "", {counting({2})}, {}, 2});
  expect_close(tops.at(0), {2}, {0, 1});
  expect_close(tops.at(1), {2}, {0, 1});
}

TEST(CaffeLayers, PaddingOfTheOldestNetworks) {
  const std::string net = "layers { layer { name: 'p' type: 'padding' pad: 1 } bottom: 'x' top: 'y' }";
  expect_close(evaluate(import_net(input("x", {1, 1, 1, 2}) + net), {floats({1, 1, 1, 2}, {5, 6})}).at(0),
               {1, 1, 3, 4}, {0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0});
}

}  // namespace
}  // namespace tenon::test
