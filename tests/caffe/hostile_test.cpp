// Files made to hurt: a clear error, without much memory.
#include "caffe/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

// GCC says it by a macro, clang by a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_TEST_SANITIZED 1
#endif
#endif

namespace tenon::test {
namespace {

// The most memory that this process has had since reset_peak(), in bytes; 0 where the system does not say.
std::size_t peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes << 10;
  }
  return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

void refuses(const std::string& prototxt, const std::vector<LayerBlobs>& weights = {},
             const ImportOptions& options = {}, std::size_t longest = 4096) {
  reset_peak();
  [[maybe_unused]] const std::size_t before = peak();
  const std::string message = net_error(prototxt, weights, options);
  EXPECT_FALSE(message.empty());
  EXPECT_LT(message.size(), longest);
#ifndef TENON_TEST_SANITIZED
  EXPECT_LT(peak() - before, std::size_t{200} << 20) << message;
#endif
}

TEST(CaffeHostile, Depths) {
  refuses(std::string(5'000'000, '{'));
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "a{";
  refuses(deep);
}

TEST(CaffeHostile, Sizes) {
  ImportOptions random;
  random.random_weights = 1;
  refuses(input("x", {1, 1LL << 40, 1LL << 40, 2}) +
              layer("InnerProduct", "inner_product_param { num_output: 2 }"),
          {}, random);
  refuses(input("x", {1, 3, 8, 8}) +
              layer("Convolution",
                    "convolution_param { num_output: 2000000000 kernel_size: 1000000 pad: 1000000 }"),
          {}, random);
  refuses(input("x", {1, 3, 8, 8}) +
          layer("Im2col", "convolution_param { kernel_size: 1000000 pad: 1000000 }"));
  refuses(input("x", {1, 3, 8, 8}) + layer("SPP", "spp_param { pyramid_height: 62 }"));
  refuses(input("x", {1, 1, 1, 2}) + layer("Embed", "embed_param { num_output: 1000000 input_dim: 1000000 }"),
          {}, random);
  refuses(input("x", {2}) + layer("Tile", "tile_param { axis: 0 tiles: 9223372036854775807 }"));
  refuses(input("x", {1, 1, 2, 2}) + layer("Interp", "interp_param { zoom_factor: 2147483647 }"));
  refuses(input("x", {1, 4}) + layer("InnerProduct", "inner_product_param { num_output: 4 }"),
          {{"l", {{{1LL << 30, 1LL << 30}, {1}}}}});
  std::string axes = "input: 'x' input_shape { ";
  for (int i = 0; i < 100'000; ++i) axes += "dim: 1 ";
  refuses(axes + "} " + layer("ReLU", ""));
}

TEST(CaffeHostile, Counts) {
  std::string many;
  for (int i = 0; i < 600'000; ++i) many += "a: 1 ";
  refuses("layer { " + many + "}");
  const auto repeated = [](int times, const std::string& text) {
    std::string all = input("x", {1, 4, 64, 64});
    for (int i = 0; i < times; ++i) all += fmt::format(fmt::runtime(text), i);
    return all;
  };
  refuses(repeated(100'000, "layer {{ name: 'n' type: 'ReLU' bottom: 'x' top: 'y{}' }} "));
  refuses(repeated(9'000, "layer {{ name: 'n{0}' type: 'Unheard' bottom: 'x' top: 'y{0}' }} "), {}, {},
          1 << 20);
  std::string tops;
  std::string bottoms;
  for (int i = 0; i < 100'000; ++i) {
    tops += fmt::format("top: 't{}' ", i);
    bottoms += fmt::format("bottom: 't{}' ", i);
  }
  refuses("layer { name: 'i' type: 'Input' input_param { shape { dim: 1 } } " + tops +
          "} layer { name: 'c' type: 'Concat' top: 'y' " + bottoms + "}");
  refuses(
      repeated(9'000,
               "layer {{ name: 'p' type: 'PriorBox' bottom: 'x' bottom: 'x' top: 'y{}' prior_box_param {{ "
               "min_size: 1 min_size: 2 min_size: 3 aspect_ratio: 2 aspect_ratio: 3 }} }} "));
  std::string sizes = "prior_box_param { ";
  for (int i = 0; i < 100'000; ++i) sizes += fmt::format("min_size: {0} aspect_ratio: 1.{0} ", i + 1);
  refuses(input("x", {1, 4, 64, 64}) + layer("PriorBox", sizes + "}", "x x"));
}

}  // namespace
}  // namespace tenon::test
