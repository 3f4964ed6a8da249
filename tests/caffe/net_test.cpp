#include "importers/caffe/net.hpp"

#include "caffe/support.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace tenon::caffe {
namespace {

std::string types(const std::string& prototxt) {
  std::string text;
  for (const LayerDef& layer : read_net(prototxt).layers) text += layer.type + " ";
  return text;
}

std::string error_of(const std::string& prototxt) {
  try {
    read_net(prototxt);
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

TEST(CaffeNet, KeepsTheLayersOfTheState) {
  const std::string layers = R"(
    layer { type: "A" }
    layer { type: "B" include { phase: TRAIN } }
    layer { type: "C" include { phase: TEST } }
    layer { type: "D" exclude { phase: TEST } }
    layer { type: "E" exclude { phase: TRAIN } }
    layer { type: "F" include { min_level: 1 } }
    layer { type: "G" include { max_level: 2 } }
    layer { type: "H" include { stage: "s" } }
    layer { type: "I" include { not_stage: "s" } }
    layer { type: "J" include { phase: TRAIN } include { stage: "s" } }
    layer { type: "K" include { stage: "s" stage: "t" } }
  )";
  EXPECT_EQ(types(layers), "A C E G I ");
  EXPECT_EQ(types("state { phase: TRAIN }" + layers), "A B D G I J ");
  EXPECT_EQ(types("state { level: 3 }" + layers), "A C E F I ");
  EXPECT_EQ(types("state { stage: 's' }" + layers), "A C E G H J ");
  EXPECT_EQ(types("state { stage: 's' stage: 't' }" + layers), "A C E G H J K ");
}

TEST(CaffeNet, TurnsLegacyInputsIntoLayers) {
  const auto shape = [](const std::string& prototxt, std::size_t i) {
    const NetDef net = read_net(prototxt);
    return fmt::format("{} {}", net.layers[i].tops[0],
                       net.layers[i].fields->message("input_param").message("shape").integers("dim"));
  };
  EXPECT_EQ(shape("input: 'x' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4", 0), "x [1, 2, 3, 4]");
  const std::string two = "input: 'x' input: 'y' input_shape { dim: 1 dim: 2 } input_shape { dim: 3 }";
  EXPECT_EQ(shape(two, 0), "x [1, 2]");
  EXPECT_EQ(shape(two, 1), "y [3]");
  EXPECT_EQ(error_of("input: 'x' input_dim: 1"), "1 numbers input_dim for 1 inputs: expected four for each");
}

TEST(CaffeNet, UpgradesLayersWithEnumerators) {
  const NetDef net = read_net(R"(
    layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 weight_decay: 0
             convolution_param { num_output: 2 kernel_size: 3 } }
    layers { name: "l" type: SOFTMAX_LOSS bottom: "c" }
    layers { name: "w" type: WISHFUL }
  )");
  ASSERT_EQ(net.layers.size(), 3U);
  EXPECT_EQ(net.layers[0].type, "Convolution");
  EXPECT_EQ(net.layers[0].fields->message("convolution_param").integer("num_output", 0), 2);
  EXPECT_EQ(net.layers[1].type, "SoftmaxWithLoss");
  EXPECT_EQ(net.layers[2].type, "WISHFUL");
}

TEST(CaffeNet, UpgradesTheOldestLayers) {
  const NetDef net = read_net(R"(
    layers { layer { name: "c" type: "conv" num_output: 2 kernelsize: 3 biasterm: false pad: 1 blobs_lr: 1 }
             bottom: "x" top: "c" }
    layers { layer { name: "p" type: "pool" pool: AVE kernelsize: 2 stride: 2 } bottom: "c" top: "p" }
  )");
  ASSERT_EQ(net.layers.size(), 2U);
  const LayerDef& conv = net.layers[0];
  EXPECT_EQ(conv.name, "c");
  EXPECT_EQ(conv.type, "Convolution");
  EXPECT_EQ(conv.bottoms, std::vector<std::string>{"x"});
  const Message& fields = conv.fields->message("convolution_param");
  EXPECT_EQ(fields.integer("kernel_size", 0), 3);
  EXPECT_FALSE(fields.flag("bias_term", true));
  EXPECT_EQ(net.layers[1].fields->message("pooling_param").word("pool", ""), "AVE");
}

TEST(CaffeNet, NamesFieldsThatAreNone) {
  EXPECT_EQ(error_of("layer { type: 'A' }\nlayr { }"), "line 2: there is no field of the name 'layr' here");
  EXPECT_EQ(error_of("input: 'x' input_shape { dim: 1\ndem: 2 }"),
            "line 2: there is no field of the name 'dem' here");
  EXPECT_EQ(error_of("name: 'x'"), "there are no layers: is this a network?");
  EXPECT_EQ(error_of("layer: 1"), "line 1: field 'layer' should be a message, found '1'");
}

}  // namespace
}  // namespace tenon::caffe
