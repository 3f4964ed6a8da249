// "cpu.dequantize_axis": x (i8, u8, i4 or u4), scale [, zero point] → f32, with a scale for each place or
// block along "axis"; "block_size" as the operator takes it.
#include "backends/cpu/kernels/quantize/dequantize.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/dequantize_linear.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kDequantizeAxis = "cpu.dequantize_axis";

struct DequantizeAxisState final : StepState {
  DequantizeArgs args;
};

class DequantizeAxisStep final : public Step {
 public:
  explicit DequantizeAxisStep(const StepInit& init)
      : op_(op_from_params<op::DequantizeLinear>(init.params)), zero_(init.inputs.size() == 3) {
    require_counts(init, kDequantizeAxis, zero_ ? 3 : 2, 1, 0);
    dtype_ = require_tensor(init.inputs[0], kDequantizeAxis, Layout()).dtype;
    TENON_REQUIRE(can_dequantize(dtype_), "{}: an operand of {}", kDequantizeAxis, name(dtype_));
    require_tensor(init.inputs[1], kDequantizeAxis, Layout(), DataType::f32);
    if (zero_) require_tensor(init.inputs[2], kDequantizeAxis, Layout(), dtype_);
    require_tensor(init.outputs[0], kDequantizeAxis, Layout(), DataType::f32);
    TENON_REQUIRE(op_.block_size >= 0, "{}: blocks of {}", kDequantizeAxis, op_.block_size);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<DequantizeAxisState>();
    DequantizeArgs& args = state->args;
    const Shape& x = shape_at(shapes.inputs, 0, kDequantizeAxis);
    TENON_REQUIRE(x == shape_at(shapes.outputs, 0, kDequantizeAxis), "{}: the result has another shape",
                  kDequantizeAxis);
    const AxisSplit split = split_at(x, axis_at(op_.axis, x.size(), kDequantizeAxis));
    args.dtype = dtype_;
    args.outer = split.outer;
    args.length = split.axis;
    args.inner = split.inner;
    args.block = op_.block_size;
    for (std::size_t i = 1; i < (zero_ ? 3U : 2U); ++i) {
      TENON_REQUIRE(volume(shape_at(shapes.inputs, i, kDequantizeAxis)) == args.scales(),
                    "{}: scales or zero points do not fit", kDequantizeAxis);
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    DequantizeArgs args = static_cast<const DequantizeAxisState&>(*call.state).args;
    args.src = call.inputs[0]->data;
    args.scale = call.inputs[1]->as<float>();
    if (zero_) args.zero = call.inputs[2]->data;
    args.dst = call.outputs[0]->as<float>();
    dequantize_run(args, *call.pool);
    return {};
  }

 private:
  op::DequantizeLinear op_;
  bool zero_;
  DataType dtype_ = DataType::i8;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_dequantize_axis(StepRegistry& registry) {
  registry.add(cpu::kDequantizeAxis, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::DequantizeAxisStep>(init);
  });
}

}  // namespace tenon
