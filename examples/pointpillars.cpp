// Runs a lidar scan through PointPillars (Lang et al., "PointPillars: Fast Encoders for Object Detection from
// Point Clouds", CVPR 2019) and draws the result as seen from above:
//
//     pointpillars pfn.onnx rpn.onnx scan.bin result.png
//
// The scan is cut into vertical pillars; the feature network (PFN) turns the points of each into 64 numbers,
// which are scattered back onto the grid as a picture of 64 channels, where the second network (RPN) finds
// boxes. scan.bin holds x, y, z, intensity as float32, in metres, x forward and y to the left, as KITTI's
// scans do.
#include <tenon/builder.hpp>
#include <tenon/draw.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr float kMinX = 0, kMinY = -39.68F, kMinZ = -3, kMaxZ = 1;
constexpr float kPillar = 0.16F;                       // metres
constexpr int kColumns = 432, kRows = 496;             // along x and y
constexpr std::size_t kPillars = 20000, kPoints = 32;  // at most, and at most in one pillar
constexpr std::size_t kFeatures = 10, kChannels = 64;
constexpr float kPi = 3.14159265F;

struct Point {
  float x, y, z, intensity;
};

struct Pillar {
  int column, row;
  std::vector<Point> points;
};

struct Box {  // of a car: centre, size, heading
  float x, y, z, width, length, height, yaw, score;
};

std::vector<Point> read_scan(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<Point> points;
  for (Point point; file.read(reinterpret_cast<char*>(&point), sizeof(point));) points.push_back(point);
  if (points.empty()) throw tenon::ModelError("cannot read points from " + path.string());
  return points;
}

std::vector<Pillar> voxelise(const std::vector<Point>& points) {
  std::vector<Pillar> pillars;
  std::map<std::pair<int, int>, std::size_t> index;
  for (const Point& p : points) {
    const float column = std::floor((p.x - kMinX) / kPillar);
    const float row = std::floor((p.y - kMinY) / kPillar);
    if (!(column >= 0 && column < kColumns && row >= 0 && row < kRows && p.z >= kMinZ && p.z < kMaxZ))
      continue;
    const std::pair<int, int> cell(static_cast<int>(column), static_cast<int>(row));
    auto found = index.find(cell);
    if (found == index.end()) {
      if (pillars.size() == kPillars) continue;
      found = index.emplace(cell, pillars.size()).first;
      pillars.push_back({cell.first, cell.second, {}});
    }
    std::vector<Point>& inside = pillars[found->second].points;
    if (inside.size() < kPoints) inside.push_back(p);
  }
  return pillars;
}

// [pillar, point, (x y z intensity, offsets to the mean of the pillar's points, offsets to the pillar's
// centre)], 0 where there is no point.
tenon::Tensor features_of(const std::vector<Pillar>& pillars) {
  tenon::Tensor tensor(tenon::DataType::f32, {kPillars, kPoints, kFeatures});
  float* out = tensor.mutable_values<float>().data();
  for (std::size_t i = 0; i < pillars.size(); ++i) {
    const Pillar& pillar = pillars[i];
    Point mean{};
    for (const Point& p : pillar.points) {
      const auto n = static_cast<float>(pillar.points.size());
      mean.x += p.x / n;
      mean.y += p.y / n;
      mean.z += p.z / n;
    }
    const float x = kMinX + (static_cast<float>(pillar.column) + 0.5F) * kPillar;
    const float y = kMinY + (static_cast<float>(pillar.row) + 0.5F) * kPillar;
    const float z = (kMinZ + kMaxZ) / 2;
    for (std::size_t j = 0; j < pillar.points.size(); ++j) {
      const Point& p = pillar.points[j];
      const float values[kFeatures] = {p.x,          p.y,          p.z,     p.intensity, p.x - mean.x,
                                       p.y - mean.y, p.z - mean.z, p.x - x, p.y - y,     p.z - z};
      std::copy(values, values + kFeatures, out + (i * kPoints + j) * kFeatures);
    }
  }
  return tensor;
}

tenon::Tensor scatter(const std::vector<Pillar>& pillars, const tenon::Tensor& features) {
  tenon::Tensor canvas(tenon::DataType::f32, {1, kChannels, kRows, kColumns});
  const auto source = features.values<float>();
  const auto target = canvas.mutable_values<float>();
  for (std::size_t i = 0; i < pillars.size(); ++i) {
    const auto cell =
        static_cast<std::size_t>(pillars[i].row) * kColumns + static_cast<std::size_t>(pillars[i].column);
    for (std::size_t c = 0; c < kChannels; ++c)
      target[c * kRows * kColumns + cell] = source[i * kChannels + c];
  }
  return canvas;
}

// Two anchors a cell, one along x and one along y, each of a car's usual size. Per anchor: 7 offsets, 1
// score, 2 directions.
std::vector<Box> decode(const tenon::Tensor& offsets, const tenon::Tensor& scores,
                        const tenon::Tensor& directions) {
  constexpr float kWidth = 1.6F, kLength = 3.9F, kHeight = 1.56F, kZ = -1;
  const auto rows = static_cast<std::size_t>(scores.shape()[1]);
  const auto columns = static_cast<std::size_t>(scores.shape()[2]);
  const float cell = kPillar * static_cast<float>(kColumns) / static_cast<float>(columns);
  const float diagonal = std::hypot(kWidth, kLength);
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < rows * columns * 2; ++i) {
    const float score = 1 / (1 + std::exp(-scores.values<float>()[i]));
    if (score < 0.5F) continue;
    const float* t = offsets.values<float>().data() + 7 * i;
    const float* d = directions.values<float>().data() + 2 * i;
    const std::size_t column = i / 2 % columns;
    const std::size_t row = i / 2 / columns;
    const float x = kMinX + (static_cast<float>(column) + 0.5F) * cell;
    const float y = kMinY + (static_cast<float>(row) + 0.5F) * cell;
    float yaw = t[6] + (i % 2 == 0 ? 0 : kPi / 2);
    yaw -= kPi * std::floor(yaw / kPi);
    if (d[1] > d[0]) yaw += kPi;
    boxes.push_back({x + t[0] * diagonal, y + t[1] * diagonal, kZ + t[2] * kHeight, kWidth * std::exp(t[3]),
                     kLength * std::exp(t[4]), kHeight * std::exp(t[5]), yaw, score});
  }
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.score > b.score; });
  std::vector<Box> kept;
  for (const Box& box : boxes) {
    // Cars do not stand in each other: whoever is closer than a car's width to a better one is the same car.
    const bool same = std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
      return std::hypot(box.x - other.x, box.y - other.y) < kWidth;
    });
    if (!same) kept.push_back(box);
    if (kept.size() == 20) break;
  }
  return kept;
}

// x forward is up, y to the left is left; two pixels a pillar.
std::pair<int, int> pixel(float x, float y) {
  const float scale = 2 / kPillar;
  return {static_cast<int>((-kMinY - y) * scale),
          static_cast<int>(static_cast<float>(2 * kColumns) - (x - kMinX) * scale)};
}

tenon::Image top_view(const std::vector<Point>& points, const std::vector<Box>& boxes) {
  tenon::Image image(2 * kRows, 2 * kColumns, 3);
  for (const Point& p : points) {
    const auto [column, row] = pixel(p.x, p.y);
    const auto level =
        static_cast<std::uint8_t>(90 + 165 * std::clamp((p.z - kMinZ) / (kMaxZ - kMinZ), 0.0F, 1.0F));
    fill_rectangle(image, column, row, column, row, {level, level, level});
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    const tenon::Color color = tenon::class_color(i);
    const float c = std::cos(box.yaw), s = std::sin(box.yaw);
    const auto corner = [&](float along, float across) {
      const float l = along * box.length / 2, w = across * box.width / 2;
      return pixel(box.x + c * l - s * w, box.y + s * l + c * w);
    };
    const std::pair<int, int> corners[] = {corner(1, 1), corner(1, -1), corner(-1, -1), corner(-1, 1),
                                           corner(1, 1)};
    for (int k = 0; k < 4; ++k) {
      draw_line(image, corners[k].first, corners[k].second, corners[k + 1].first, corners[k + 1].second,
                color);
    }
    draw_text(image, corners[0].first, corners[0].second, std::to_string(std::lround(box.score * 100)),
              color);
  }
  return image;
}

tenon::Context open(const char* path) { return tenon::build(tenon::Network::load(path)).create_context(); }

void detect(const char* pfn_path, const char* rpn_path, const char* scan, const char* result) {
  const std::vector<Point> points = read_scan(scan);
  const std::vector<Pillar> pillars = voxelise(points);
  std::printf("%zu points in %zu pillars\n", points.size(), pillars.size());

  tenon::Context pfn = open(pfn_path);
  pfn.set_input(0, features_of(pillars));
  pfn.run();
  tenon::Context rpn = open(rpn_path);
  rpn.set_input(0, scatter(pillars, pfn.output(0)));
  rpn.run();
  const std::vector<Box> boxes = decode(rpn.output(0), rpn.output(1), rpn.output(2));
  for (const Box& box : boxes) {
    std::printf("score %.2f at x %6.2f y %6.2f z %5.2f, %.1f x %.1f x %.1f m, heading %.0f degrees\n",
                static_cast<double>(box.score), static_cast<double>(box.x), static_cast<double>(box.y),
                static_cast<double>(box.z), static_cast<double>(box.length), static_cast<double>(box.width),
                static_cast<double>(box.height), static_cast<double>(box.yaw * 180 / kPi));
  }
  std::printf(
      "(Only a trained RPN finds cars: the public ones come with random weights, and then these boxes mean "
      "nothing.)\n");
  save_png(top_view(points, boxes), result);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s PFN.onnx RPN.onnx SCAN.bin RESULT.png\n", argv[0]);
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
