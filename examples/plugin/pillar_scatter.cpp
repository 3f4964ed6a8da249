// A plugin: the scatter of PointPillars, from the features of pillars to a picture from above.
//
//   features  f32 [P, C]          one row per pillar
//   coords    i32 [P, 4] or [P, 3]  batch, z, y, x or z, y, x of each pillar; outside of the grid: left out
//   grid_h, grid_w                the size of the grid
//   result    f32 [1, C, grid_h, grid_w], 0 where no pillar is; of two pillars in one cell the later one
//   counts
#include <tenon/plugin.hpp>

#include <algorithm>

namespace {

using namespace tenon;

class PillarScatterKernel final : public PluginKernel {
 public:
  PillarScatterKernel(std::int64_t height, std::int64_t width) : height_(height), width_(width) {}

  // The pillar in each cell.
  std::size_t workspace_bytes(const PluginShapes&) const override {
    return static_cast<std::size_t>(height_ * width_) * sizeof(std::int32_t);
  }

  void run(PluginCall& call) const override {
    const auto features = call.input(0).values<float>();
    const auto coords = call.input(1).values<std::int32_t>();
    const auto picture = call.output(0).values<float>();
    const auto pillars = static_cast<std::int32_t>(call.input(0).shape[0]);
    const std::int64_t channels = call.input(0).shape[1];
    const std::int64_t columns = call.input(1).shape[1];
    const std::int64_t cells = height_ * width_;

    auto* pillar_in = reinterpret_cast<std::int32_t*>(call.workspace().data());
    std::fill_n(pillar_in, cells, -1);
    for (std::int32_t p = 0; p < pillars; ++p) {
      const std::int32_t* row = coords.data() + p * columns;
      const std::int64_t y = row[columns - 2];
      const std::int64_t x = row[columns - 1];
      if (y >= 0 && y < height_ && x >= 0 && x < width_) pillar_in[y * width_ + x] = p;
    }
    call.parallel_for(static_cast<std::size_t>(channels), 1, [&](std::size_t begin, std::size_t end) {
      for (auto c = static_cast<std::int64_t>(begin); c < static_cast<std::int64_t>(end); ++c) {
        float* plane = picture.data() + c * cells;
        for (std::int64_t cell = 0; cell < cells; ++cell) {
          const std::int32_t p = pillar_in[cell];
          plane[cell] = p < 0 ? 0.0F : features[static_cast<std::size_t>(p * channels + c)];
        }
      }
    });
  }

 private:
  std::int64_t height_;
  std::int64_t width_;
};

class PillarScatter final : public Plugin {
 public:
  PluginName name() const override { return {"com.example", "PillarScatter", 1}; }

  std::vector<PluginField> fields() const override { return {{"grid_h", 0, true}, {"grid_w", 0, true}}; }

  std::vector<PluginResult> infer(std::span<const PluginOperand> in, const Fields& fields) const override {
    if (in.size() != 2 || !in[0].present || !in[1].present) throw ModelError("expected features and coords");
    if (in[0].dtype != DataType::f32 || in[1].dtype != DataType::i32)
      throw ModelError("features must be f32 and coords i32");
    if (!in[0].dims || in[0].dims->size() != 2) throw ModelError("features must have 2 dims: [P, C]");
    const SymbolicDims coords = in[1].dims.value_or(SymbolicDims());
    const auto columns = coords.size() == 2 ? coords[1].value() : std::nullopt;
    if (columns != 4 && columns != 3) throw ModelError("coords must be [P, 4] or [P, 3]");
    const auto pillars = in[0].dims->front().value();
    if (pillars && coords[0].value() && pillars != coords[0].value())
      throw ModelError("features and coords must have one row per pillar");
    const auto height = get<std::int64_t>(fields, "grid_h");
    const auto width = get<std::int64_t>(fields, "grid_w");
    if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide)
      throw ModelError("the grid's size is wrong");
    return {{DataType::f32, SymbolicDims{1, in[0].dims->at(1), height, width}}};
  }

  std::unique_ptr<PluginKernel> create_kernel(Device device, const Fields& fields) const override {
    if (device != Device::cpu) return nullptr;
    return std::make_unique<PillarScatterKernel>(get<std::int64_t>(fields, "grid_h"),
                                                 get<std::int64_t>(fields, "grid_w"));
  }

 private:
  static constexpr std::int64_t kMaxSide = 1 << 15;  // so that a cell's number fits everywhere
};

}  // namespace

TENON_PLUGINS(PillarScatter)
