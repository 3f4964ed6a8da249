// Loads a library of plugins and runs one of them beside the same computation in plain operators.
#include <tenon/io.hpp>
#include <tenon/network.hpp>
#include <tenon/plugin.hpp>

#include <array>
#include <cstdio>
#include <vector>

namespace {

using namespace tenon;

constexpr std::int64_t kPillars = 200, kChannels = 64, kHeight = 62, kWidth = 54;

Network network() {
  NetworkBuilder net("pillars");
  const NetworkValue features = net.input("features", DataType::f32, {"P", kChannels});
  const NetworkValue coords = net.input("coords", DataType::i32, {"P", 4});
  net.output(
      net.add("com.example:PillarScatter:1", {features, coords}, {{"grid_h", kHeight}, {"grid_w", kWidth}}),
      "plugin");

  const NetworkValue yx = net.cast(net.slice(coords, {2}, {4}, {.axes = {1}}), DataType::i64);
  const NetworkValue cells = net.constant(Tensor(DataType::f32, {kHeight, kWidth, kChannels}));
  net.output(net.unsqueeze(net.transpose(net.add("scatter_nd", {cells, yx, features}), {2, 0, 1}), {0}),
             "operators");
  return net.network();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) {
    std::fprintf(stderr, "usage: use_pillar_scatter PLUGIN.so\n");
    return 1;
  }
  for (const PluginName& name : load_plugins(arguments[1]))
    std::printf("loaded %s\n", to_string(name).c_str());

  BuildOptions options;
  options.shapes["features"] = {{1, kChannels}, {kPillars, kChannels}, {1000, kChannels}};
  options.shapes["coords"] = {{1, 4}, {kPillars, 4}, {1000, 4}};
  Context context = build(network(), options).create_context();

  std::vector<std::int32_t> coords;  // cells that differ, so that no pillar hides another
  for (std::int64_t p = 0; p < kPillars; ++p) {
    const auto cell = static_cast<std::int32_t>(p * 17 % (kHeight * kWidth));
    coords.insert(coords.end(),
                  {0, 0, cell / static_cast<std::int32_t>(kWidth), cell % static_cast<std::int32_t>(kWidth)});
  }
  context.set_input("features", random_tensor(DataType::f32, {kPillars, kChannels}, 1));
  context.set_input("coords", Tensor::of<std::int32_t>({kPillars, 4}, coords));
  context.run();
  const bool same = context.output("plugin").identical(context.output("operators"));
  std::printf("%s\n", same ? "the same picture as with ScatterND" : "another picture than with ScatterND");
  return same ? 0 : 1;
} catch (const tenon::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
