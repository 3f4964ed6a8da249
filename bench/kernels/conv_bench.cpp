#include "backends/cpu/kernels/conv/conv.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_layers.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <iterator>
#include <vector>

namespace tenon::bench {

namespace {

// Weights that are used in turn where they are to be cold: more than the last cache.
constexpr std::size_t kColdFloats = (std::size_t{128} << 20) / sizeof(float);

// Beside those of conv_layers.hpp.
constexpr ConvLayer kFloatLayers[] = {
    {"resnet_14_1024_512_1x1_s2", 1024, 14, 512, 7, 1, 2, 0},
    {"resnet_7_512_2048_1x1_add_cold", 512, 7, 2048, 7, 1, 1, 0, true, false, false, true},
    {"resnext_56_128_3x3_g32", 128, 56, 128, 56, 3, 1, 1, false, false, false, false, 32},
    {"resnext_28_256_3x3_g32", 256, 28, 256, 28, 3, 1, 1, false, false, false, false, 32},
    {"ultraface_40_64_12_3x3", 64, 40, 12, 40, 3, 1, 1},
    {"resnet20_32_16_3x3", 16, 32, 16, 32, 3, 1, 1},
    {"vgg_224_3_64_3x3", 3, 224, 64, 224, 3, 1, 1, false, false, true},
    {"vit_patch", 3, 224, 768, 14, 16, 16, 0, false, false, true},
};

void run(benchmark::State& state, const cpu::ConvKernel& kernel, const ConvLayer& layer,
         const cpu::ConvConfig& config, bool banded) {
  const cpu::ConvShape s = shape_of(layer);
  const auto plane = [](int channels, int size) {
    return static_cast<std::size_t>(cpu::round_up(channels, cpu::kChannelBlock) * size * size);
  };
  Floats src(plane(s.in_channels, s.in_h));
  Floats dst(plane(s.out_channels, s.out_h));
  const std::size_t packed = layer.planar ? cpu::conv_planar_packed_size(s) : cpu::conv_packed_size(s);
  const std::size_t copies = layer.cold ? kColdFloats / packed + 1 : 1;
  Floats weights(copies * packed);
  Floats residual(layer.residual ? plane(s.out_channels, s.out_h) : 1);
  Floats bias(cpu::conv_packed_bias_size(s.out_channels));
  cpu::ConvArgs args;
  args.shape = s;
  args.config = config;
  args.src = src.data();
  args.dst = dst.data();
  args.residual = layer.residual ? residual.data() : nullptr;
  args.bias = bias.data();
  args.act = cpu::Activation::relu();
  Floats scratch(layer.planar ? cpu::conv_planar_scratch_size(s, pool().size())
                 : banded     ? cpu::conv_banded_scratch_size(s, pool().size())
                              : 0);
  std::size_t copy = 0;
  for (auto _ : state) {
    args.weights = weights.data() + copy * packed;
    copy = copy + 1 < copies ? copy + 1 : 0;
    if (layer.planar) {
      cpu::conv_planar_run(kernel, args, scratch.data(), pool());
    } else if (banded) {
      cpu::conv_banded_run(kernel, args, scratch.data(), pool());
    } else {
      cpu::conv_run(kernel, args, pool());
    }
    benchmark::ClobberMemory();
  }
  report_flops(state, kernel.info,
               2.0 * s.group_in() * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

cpu::ConvConfigs configs(const cpu::ConvKernel& kernel, const ConvLayer& layer, bool banded) {
  const cpu::ConvShape s = shape_of(layer);
  if (banded) return cpu::conv_banded_configs(kernel, s);
  return layer.planar ? cpu::conv_planar_configs(kernel, s) : cpu::conv_configs(kernel, s);
}

}  // namespace

void register_conv() {
  std::vector<ConvLayer> layers(std::begin(kConvLayers), std::end(kConvLayers));
  layers.insert(layers.end(), std::begin(kFloatLayers), std::end(kFloatLayers));
  for (const cpu::ConvKernel& kernel : cpu::conv_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ConvLayer& layer : layers) {
      for (const bool banded : {false, true}) {
        if (banded && (layer.planar || cpu::conv_banded_refusal(shape_of(layer)) != nullptr)) continue;
        const cpu::ConvConfigs all = configs(kernel, layer, banded);
        for (int i = 0; i < all.count; ++i) {
          const cpu::ConvConfig config = all.configs[i];
          const std::string name =
              fmt::format("{}/{}/p{}x{}{}{}{}", kernel.info.name, layer.name, config.pixels, config.oc_blocks,
                          banded        ? "_banded"
                          : config.rows ? "_rows"
                                        : "",
                          config.oc_inner ? "_inner" : "",
                          config.ic_blocks ? fmt::format("_ic{}", config.ic_blocks) : "");
          add(name, [&kernel, layer, config, banded](benchmark::State& state) {
            run(state, kernel, layer, config, banded);
          });
        }
      }
    }
  }
}

}  // namespace tenon::bench
