// The convolutions whose kernels are timed.
#pragma once

#include "backends/cpu/kernels/band/config.hpp"
#include "backends/cpu/kernels/conv/conv.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

struct ConvLayer {
  const char* name;
  int in_channels;
  int in;  // height and width
  int out_channels;
  int out;
  int kernel;
  int stride;
  int pad;
  bool residual = false;
  bool is_signed = false;  // bytes have a sign
  bool planar = false;
  bool cold = false;  // weights come from memory, as in a network whose weights no cache holds
  int groups = 1;
};

// The layers of ResNet-50, and a few that are shaped otherwise.
inline constexpr ConvLayer kConvLayers[] = {
    {"resnet_stem", 3, 224, 64, 112, 7, 2, 3, false, true, true},
    {"resnet_56_64_3x3", 64, 56, 64, 56, 3, 1, 1},
    {"resnet_28_128_3x3", 128, 28, 128, 28, 3, 1, 1},
    {"resnet_14_256_3x3", 256, 14, 256, 14, 3, 1, 1},
    {"resnet_7_512_3x3", 512, 7, 512, 7, 3, 1, 1},
    {"resnet_7_512_3x3_cold", 512, 7, 512, 7, 3, 1, 1, false, false, false, true},
    {"resnet_56_64_64_1x1", 64, 56, 64, 56, 1, 1, 0},
    {"resnet_56_64_256_1x1", 64, 56, 256, 56, 1, 1, 0},
    {"resnet_56_64_256_1x1_add", 64, 56, 256, 56, 1, 1, 0, true},
    {"resnet_56_64_256_1x1_signed", 64, 56, 256, 56, 1, 1, 0, false, true},
    {"resnet_56_256_64_1x1", 256, 56, 64, 56, 1, 1, 0},
    {"resnet_28_128_512_1x1_add", 128, 28, 512, 28, 1, 1, 0, true},
    {"resnet_28_512_128_1x1", 512, 28, 128, 28, 1, 1, 0},
    {"resnet_14_256_1024_1x1_add", 256, 14, 1024, 14, 1, 1, 0, true},
    {"resnet_14_1024_256_1x1", 1024, 14, 256, 14, 1, 1, 0},
    {"resnet_7_512_2048_1x1_add", 512, 7, 2048, 7, 1, 1, 0, true},
    {"resnet_7_512_2048_1x1_cold", 512, 7, 2048, 7, 1, 1, 0, false, false, false, true},
    {"resnet_7_2048_512_1x1_cold", 2048, 7, 512, 7, 1, 1, 0, false, false, false, true},
    {"resnet_56_128_3x3_s2", 128, 56, 128, 28, 3, 2, 1},
    {"resnet_14_512_3x3_s2", 512, 14, 512, 7, 3, 2, 1},
    {"resnet_56_256_512_1x1_s2", 256, 56, 512, 28, 1, 2, 0},
    {"yolo_416_3_16_3x3", 3, 416, 16, 416, 3, 1, 1, false, true, true},
    {"yolo_208_16_32_3x3", 16, 208, 32, 208, 3, 1, 1},
    {"yolo_13_512_1024_3x3", 512, 13, 1024, 13, 3, 1, 1},
    {"yolo_13_512_255_1x1", 512, 13, 255, 13, 1, 1, 0},
    {"mobilenet_112_32_16_1x1", 32, 112, 16, 112, 1, 1, 0},
    {"mobilenet_112_16_96_1x1", 16, 112, 96, 112, 1, 1, 0},
    {"mobilenet_28_32_192_1x1", 32, 28, 192, 28, 1, 1, 0},
    {"mobilenet_14_576_96_1x1", 576, 14, 96, 14, 1, 1, 0, true},
    {"vgg_224_64_3x3", 64, 224, 64, 224, 3, 1, 1},
    {"vgg_14_512_3x3", 512, 14, 512, 14, 3, 1, 1},
};

inline cpu::ConvShape shape_of(const ConvLayer& layer) {
  cpu::ConvShape s;
  s.groups = layer.groups;
  s.in_channels = layer.in_channels;
  s.out_channels = layer.out_channels;
  s.in_h = s.in_w = layer.in;
  s.out_h = s.out_w = layer.out;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = layer.pad;
  return s;
}

// run(state, layer, config) is timed for all layers and configs(shape) of a kernel by tiles of matrices.
template <class Configs, class Run>
void add_matrix_layers(const char* kernel, Configs configs, Run run) {
  for (const ConvLayer& layer : kConvLayers) {
    const cpu::BandConfigs all = configs(shape_of(layer));
    for (int i = 0; i < all.count; ++i) {
      const cpu::BandConfig config = all.configs[i];
      add(fmt::format("{}/{}/{}{}", kernel, layer.name, config.oc_inner ? "inner" : "outer",
                      config.pixels > 0 ? fmt::format("_p{}", config.pixels) : ""),
          [run, &layer, config](benchmark::State& state) { run(state, layer, config); });
    }
  }
}

}  // namespace tenon::bench
