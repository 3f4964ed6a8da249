// Says what is in a picture:
//
//     classify mobilenet_v1.onnx labels.txt picture.jpg...
//
// For classifiers of the ImageNet kind that take RGB pixels scaled to -1…1, such as MobileNet v1: the shorter
// side is resized to 256 pixels, the 224×224 centre is classified. labels.txt has one class a line, in the
// order of the network's output.
#include <tenon/builder.hpp>
#include <tenon/image.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace {

std::vector<std::string> read_lines(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) throw tenon::ModelError(std::string("cannot read labels from ") + path);
  return lines;
}

void classify(tenon::Context& context, const std::vector<std::string>& labels, const char* path) {
  tenon::ImageOptions options;
  options.shorter_side = 256;
  options.crop_width = options.crop_height = 224;
  options.scale = 1 / 127.5F;
  options.mean = {1};
  context.set_input(0, to_tensor(tenon::load_image(path), options));
  context.run();

  const tenon::Tensor output = context.output(0);
  const auto scores = output.values<float>();
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const std::size_t shown = std::min<std::size_t>(5, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::printf("%s\n", path);
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string label = order[i] < labels.size() ? labels[order[i]] : std::to_string(order[i]);
    std::printf("  %7.4f  %s\n", static_cast<double>(scores[order[i]]), label.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s MODEL.onnx LABELS.txt PICTURE...\n", argv[0]);
    return 1;
  }
  try {
    const std::vector<std::string> labels = read_lines(argv[2]);
    const tenon::Engine engine = tenon::build(tenon::Network::load(argv[1]));
    tenon::Context context = engine.create_context();
    for (int i = 3; i < argc; ++i) classify(context, labels, argv[i]);
    return 0;
  } catch (const tenon::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
