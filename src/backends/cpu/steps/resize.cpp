// "cpu.resize": the last one or two axes of x [N, C, H, W] or [N, C, W], nearest or linear, both plain or
// both blocked; of f32, blocked also stored in 16 bits, or nearest of bytes. The operator's scales or sizes
// are in its fields.
#include "backends/cpu/kernels/resize/resize.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"
#include "ops/resize.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kResize = "cpu.resize";

// Where output position `x` lies on the input axis.
double input_coordinate(op::CoordinateTransform transform, const op::ResizeAxis& axis, double x) {
  const auto input = static_cast<double>(axis.input), output = static_cast<double>(axis.output),
             scale = static_cast<double>(axis.scale);
  switch (transform) {
    case op::CoordinateTransform::half_pixel: break;
    case op::CoordinateTransform::half_pixel_symmetric:
      return input / 2 * (1 - output / (scale * input)) + (x + 0.5) / scale - 0.5;
    case op::CoordinateTransform::pytorch_half_pixel:
      if (axis.output <= 1) return 0;
      break;
    case op::CoordinateTransform::align_corners:
      return axis.output == 1 ? 0 : x * (input - 1) / (axis.extent() - 1);
    case op::CoordinateTransform::asymmetric: return x / scale;
    case op::CoordinateTransform::tf_half_pixel_for_nn: return (x + 0.5) / scale;
    case op::CoordinateTransform::tf_crop_and_resize: TENON_REQUIRE(false, "{}: cropping", kResize);
  }
  return (x + 0.5) / scale - 0.5;
}

double nearest_position(op::NearestMode mode, double coordinate) {
  const double below = std::floor(coordinate), rest = coordinate - below;
  switch (mode) {
    case op::NearestMode::round_prefer_floor: return below + (rest > 0.5 ? 1 : 0);
    case op::NearestMode::round_prefer_ceil: return below + (rest >= 0.5 ? 1 : 0);
    case op::NearestMode::floor: return below;
    case op::NearestMode::ceil: break;
  }
  return std::ceil(coordinate);
}

// The tables of one axis.
struct AxisTable {
  std::vector<std::int32_t> low, high;
  std::vector<float> low_weight, high_weight;

  ResizeAxis fill(const op::Resize& op, const op::ResizeAxis& axis) {
    const std::int64_t last = axis.input - 1;
    static_cast<void>(narrow_dim(axis.input));
    for (std::int64_t o = 0; o < axis.output; ++o) {
      const bool same = axis.output == axis.input && axis.scale == 1.0F;
      const double at =
          same ? static_cast<double>(o) : input_coordinate(op.transform, axis, static_cast<double>(o));
      const bool linear = op.mode == op::ResizeMode::linear;
      const double below = linear ? std::floor(at) : nearest_position(op.nearest_mode, at);
      const auto clamped = [&](double position) {
        return static_cast<std::int32_t>(std::clamp(position, 0.0, static_cast<double>(last)));
      };
      low.push_back(clamped(below));
      if (!linear) continue;
      high.push_back(clamped(below + 1));
      high_weight.push_back(static_cast<float>(at - below));
      low_weight.push_back(static_cast<float>(1 - (at - below)));
    }
    return {axis.input, axis.output, low.data(), high.data(), low_weight.data(), high_weight.data()};
  }
};

struct ResizeState final : StepState {
  AxisTable height, width;
  ResizeArgs args;
};

class ResizeStep final : public Step {
 public:
  explicit ResizeStep(const StepInit& init)
      : op_(op_from_params<op::Resize>(init.params)), kernel_(select_resize(isa())) {
    require_counts(init, kResize, 1, 1, 0);
    bytes_ = init.inputs[0] != nullptr && init.inputs[0]->is_tensor() &&
             is_byte(init.inputs[0]->as_tensor().dtype);
    if (bytes_) {
      blocked_ = !init.inputs[0]->as_tensor().layout.is_plain();
      require_tensors({init.params, init.inputs, init.outputs, {}}, kResize,
                      blocked_ ? Layout::channel_blocked(kChannelBlock) : Layout(),
                      init.inputs[0]->as_tensor().dtype);
    } else {
      const FloatOperands stored = require_floats(init, kResize);
      TENON_REQUIRE(stored.blocked || stored.dtype == DataType::f32, "{}: plain tensors of {}", kResize,
                    name(stored.dtype));
      blocked_ = stored.blocked;
      type_ = stored.dtype;
    }
    TENON_REQUIRE(!bytes_ || op_.mode == op::ResizeMode::nearest, "{}: bytes are not interpolated", kResize);
    TENON_REQUIRE(op_.mode != op::ResizeMode::cubic && !op_.antialias && !op_.exclude_outside &&
                      op_.transform != op::CoordinateTransform::tf_crop_and_resize,
                  "{}: interpolation that its kernels do not have", kResize);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kResize);
    const Shape& y = shape_at(shapes.outputs, 0, kResize);
    TENON_REQUIRE((x.size() == 3 || x.size() == 4) && y.size() == x.size(), "{}: from rank {} to rank {}",
                  kResize, x.size(), y.size());
    volume(stored_shape(x, blocked_));
    volume(stored_shape(y, blocked_));
    const std::vector<op::ResizeAxis> axes = op::resolve_resize(op_, x, op_.scales, op_.sizes);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      TENON_REQUIRE(axes[i].output == y[i] && (i >= 2 || axes[i].output == x[i]) && (x[i] > 0 || y[i] == 0),
                    "{}: {} elements of axis {} become {}", kResize, x[i], i, y[i]);
    }
    auto state = std::make_unique<ResizeState>();
    ResizeArgs& args = state->args;
    args.planes = x[0] * (blocked_ ? channel_blocks(x[1]) : x[1]);
    args.blocked = blocked_;
    args.linear = op_.mode == op::ResizeMode::linear;
    args.height = state->height.fill(op_, x.size() == 4 ? axes[2] : op::ResizeAxis{1, 1, 1});
    args.width = state->width.fill(op_, axes.back());
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ResizeArgs args = static_cast<const ResizeState&>(*call.state).args;
    if (bytes_) {
      resize_bytes_run({call.inputs[0]->as<std::uint8_t>(), call.outputs[0]->as<std::uint8_t>(), args.planes,
                        args.blocked, args.height, args.width},
                       *call.pool);
      return {};
    }
    args.src = call.inputs[0]->data;
    args.dst = call.outputs[0]->data;
    args.type = type_;
    resize_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return true; }

 private:
  op::Resize op_;
  const ResizeKernel* kernel_;
  DataType type_ = DataType::f32;
  bool blocked_ = false;
  bool bytes_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_resize(StepRegistry& registry) {
  registry.add("cpu.resize", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::ResizeStep>(init);
  });
}

}  // namespace tenon
