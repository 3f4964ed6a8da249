// Reads handwritten digits with the network that comes with Tenon:
//
//     digits models/digits
//
// Builds an engine from digits.onnx, classifies the pictures that labels.txt lists one by one, and reports
// how many are right and how long one takes.
#include <tenon/builder.hpp>
#include <tenon/image.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

// Rows of half the height, since characters are twice as high as wide.
void show(const tenon::Image& image, const std::string& caption) {
  const std::string shades = " .:-=+*#%@";
  for (int y = 0; y + 1 < image.height; y += 2) {
    std::string line(static_cast<std::size_t>(image.width), ' ');
    for (int x = 0; x < image.width; ++x) {
      const int level = (*image.at(x, y) + *image.at(x, y + 1)) / 2;
      line[static_cast<std::size_t>(x)] = shades[static_cast<std::size_t>(level) * shades.size() / 256];
    }
    std::printf("  |%s|%s\n", line.c_str(), y + 2 >= image.height ? ("  " + caption).c_str() : "");
  }
}

std::size_t classify(tenon::Context& context, const tenon::Tensor& image) {
  context.set_input("image", image);
  context.run();
  const tenon::Tensor logits = context.output("logits");
  const auto values = logits.values<float>();
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

void demonstrate(const std::filesystem::path& folder) {
  tenon::BuildReport report;
  const tenon::Network network = tenon::Network::load(folder / "digits.onnx");
  const tenon::Engine engine = tenon::build(network, {}, &report);
  std::printf("built an engine of %zu steps from digits.onnx in %.2f s\n", engine.steps().size(),
              report.seconds);

  tenon::ImageOptions options;
  options.color = tenon::ImageColor::gray;
  options.scale = 1 / 255.0F;
  tenon::Context context = engine.create_context();
  std::ifstream labels(folder / "labels.txt");
  std::string file;
  std::size_t label = 0;
  std::size_t right = 0;
  std::size_t total = 0;
  std::vector<double> times;
  while (labels >> file >> label) {
    const tenon::Image image = tenon::load_image(folder / file);
    const tenon::Tensor tensor = to_tensor(image, options);
    const auto start = std::chrono::steady_clock::now();
    const std::size_t answer = classify(context, tensor);
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    right += answer == label ? 1 : 0;
    if (total++ % 90 == 0 || answer != label) {
      show(image, "it reads " + std::to_string(answer) +
                      (answer == label ? "" : ", but it is " + std::to_string(label)));
    }
  }
  if (total == 0) throw tenon::ModelError("cannot read " + (folder / "labels.txt").string());
  std::sort(times.begin(), times.end());
  std::printf("accuracy: %zu of %zu pictures right (%.1f %%)\n", right, total,
              100.0 * static_cast<double>(right) / static_cast<double>(total));
  std::printf("latency: %.0f us a picture (median; minimum %.0f), %d threads\n", times[times.size() / 2],
              times[0], engine.info().threads);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s models/digits\n", argv[0]);
    return 1;
  }
  try {
    demonstrate(argv[1]);
    return 0;
  } catch (const tenon::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
