// Finds objects with YOLOv3-Tiny (Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018) and draws
// them:
//
//     detect_yolo yolov3_tiny.onnx coco80.names picture.jpg result.png
//
// The network takes a letterboxed picture, RGB in 0…1, and gives two heads [1, 3·(5 + classes), H, W]: for
// every cell and each of three anchors the box (x, y, w, h), how sure it is that there is something, and the
// classes, all before their sigmoid or exp.
#include <tenon/builder.hpp>
#include <tenon/draw.hpp>
#include <tenon/image.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct Box {
  float x0, y0, x1, y1;  // on the network's canvas, later on the picture
  float score;
  std::size_t label;
};

struct Anchor {
  float width, height;
};

constexpr std::array<Anchor, 6> kAnchors = {{{10, 14}, {23, 27}, {37, 58}, {81, 82}, {135, 169}, {344, 319}}};
constexpr float kMinScore = 0.3F;
constexpr float kMaxOverlap = 0.45F;

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

void decode_head(const tenon::Tensor& head, int canvas, const Anchor* anchors, std::size_t classes,
                 std::vector<Box>& boxes) {
  const auto rows = static_cast<std::size_t>(head.shape()[2]);
  const auto columns = static_cast<std::size_t>(head.shape()[3]);
  const std::size_t plane = rows * columns;
  const float stride = static_cast<float>(canvas) / static_cast<float>(columns);
  const auto values = head.values<float>();
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t cell = 0; cell < plane; ++cell) {
      const float* at = values.data() + a * (5 + classes) * plane + cell;
      const float objectness = sigmoid(at[4 * plane]);
      if (objectness < kMinScore) continue;
      std::size_t best = 0;
      for (std::size_t c = 1; c < classes; ++c) {
        if (at[(5 + c) * plane] > at[(5 + best) * plane]) best = c;
      }
      const float score = objectness * sigmoid(at[(5 + best) * plane]);
      if (score < kMinScore) continue;
      const int column = cell % columns;
      const int row = cell / columns;
      const float x = (static_cast<float>(column) + sigmoid(at[0])) * stride;
      const float y = (static_cast<float>(row) + sigmoid(at[plane])) * stride;
      const float w = anchors[a].width * std::exp(at[2 * plane]) / 2;
      const float h = anchors[a].height * std::exp(at[3 * plane]) / 2;
      boxes.push_back({x - w, y - h, x + w, y + h, score, best});
    }
  }
}

float overlap(const Box& a, const Box& b) {
  const float w = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const float h = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (w <= 0 || h <= 0) return 0;
  const float both = w * h;
  return both / ((a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - both);
}

// Of boxes of one class that overlap, the surest stays.
std::vector<Box> suppress(std::vector<Box> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.score > b.score; });
  std::vector<Box> kept;
  for (const Box& box : boxes) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
      return other.label == box.label && overlap(other, box) > kMaxOverlap;
    });
    if (!covered) kept.push_back(box);
  }
  return kept;
}

void detect(const char* model, const char* names, const char* picture, const char* result) {
  std::vector<std::string> labels;
  std::ifstream file(names);
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  if (labels.empty()) throw tenon::ModelError(std::string("cannot read class names from ") + names);

  const tenon::Engine engine = tenon::build(tenon::Network::load(model));
  tenon::Image image = tenon::load_image(picture);
  tenon::ImageOptions options;
  options.height = static_cast<int>(engine.inputs().at(0).opt.at(2));
  options.width = static_cast<int>(engine.inputs().at(0).opt.at(3));
  options.letterbox = true;
  options.scale = 1 / 255.0F;
  tenon::Context context = engine.create_context();
  context.set_input(0, to_tensor(image, options));
  context.run();

  std::vector<Box> boxes;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    const tenon::Tensor head = context.output(i);
    const auto classes = labels.size();
    if (head.rank() != 4 || head.shape()[1] != static_cast<std::int64_t>(3 * (5 + classes))) {
      throw tenon::ModelError(
          "this is no YOLOv3-Tiny for these classes: expected heads of 3·(5 + classes) channels");
    }
    // The coarse head (stride 32) finds large things.
    const bool coarse = head.shape()[3] * 32 == options.width;
    decode_head(head, options.width, kAnchors.data() + (coarse ? 3 : 0), classes, boxes);
  }
  const tenon::Letterbox letterbox =
      tenon::fit_letterbox(image.width, image.height, options.width, options.height);
  const auto to_picture = [&](float value, int border) {
    return static_cast<int>(std::lround((static_cast<double>(value) - border) / letterbox.scale));
  };
  for (const Box& box : suppress(std::move(boxes))) {
    const int x0 = std::max(0, to_picture(box.x0, letterbox.left));
    const int y0 = std::max(0, to_picture(box.y0, letterbox.top));
    const int x1 = std::min(image.width - 1, to_picture(box.x1, letterbox.left));
    const int y1 = std::min(image.height - 1, to_picture(box.y1, letterbox.top));
    std::printf("%-14s %.2f  x %d to %d, y %d to %d\n", labels[box.label].c_str(),
                static_cast<double>(box.score), x0, x1, y0, y1);
    const std::string percent = " " + std::to_string(std::lround(box.score * 100)) + "%";
    draw_labelled_box(image, x0, y0, x1, y1, labels[box.label] + percent, tenon::class_color(box.label));
  }
  save_png(image, result);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s MODEL.onnx CLASS_NAMES PICTURE RESULT.png\n", argv[0]);
    return 1;
  }
  try {
    detect(argv[1], argv[2], argv[3], argv[4]);
    return 0;
  } catch (const tenon::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
