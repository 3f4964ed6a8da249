// "cpu.reorder": plain ↔ channel-blocked f32, i8 or u8; the layouts are those of the operand and the result.
#include "backends/cpu/kernels/reorder/reorder.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kReorder = "cpu.reorder";

struct ReorderState final : StepState {
  BlockingArgs args;
};

class ReorderStep final : public Step {
 public:
  explicit ReorderStep(const StepInit& init) : kernel_(select_reorder(isa())) {
    require_counts(init, kReorder, 1, 1, 0);
    const Layout in_blocks = Layout::channel_blocked(kChannelBlock);
    to_blocked_ = init.outputs[0] != nullptr && init.outputs[0]->is_tensor() &&
                  !init.outputs[0]->as_tensor().layout.is_plain();
    const DataType dtype = require_tensor(init.inputs[0], kReorder, to_blocked_ ? Layout() : in_blocks).dtype;
    require_tensor(init.outputs[0], kReorder, to_blocked_ ? in_blocks : Layout(), dtype);
    bytes_ = is_byte(dtype);
    TENON_REQUIRE(bytes_ || dtype == DataType::f32, "{}: elements of {}", kReorder, name(dtype));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& shape = shape_at(shapes.inputs, 0, kReorder);
    TENON_REQUIRE(shape == shape_at(shapes.outputs, 0, kReorder) && shape.size() >= 2,
                  "{}: operand and result differ in shape", kReorder);
    volume(stored_shape(shape, true));
    auto state = std::make_unique<ReorderState>();
    state->args = {nullptr, nullptr, shape[0], shape[1], volume(std::span(shape).subspan(2))};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    BlockingArgs args = static_cast<const ReorderState&>(*call.state).args;
    if (bytes_) {
      const ByteBlockingArgs bytes{call.inputs[0]->as<std::uint8_t>(), call.outputs[0]->as<std::uint8_t>(),
                                   args.batch, args.channels, args.spatial};
      to_blocked_ ? to_blocked_run(bytes, *call.pool) : from_blocked_run(bytes, *call.pool);
      return {};
    }
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    to_blocked_ ? to_blocked_run(*kernel_, args, *call.pool) : from_blocked_run(*kernel_, args, *call.pool);
    return {};
  }

 private:
  const ReorderKernel* kernel_;
  bool to_blocked_ = false;
  bool bytes_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_reorder(StepRegistry& registry) {
  registry.add("cpu.reorder", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::ReorderStep>(init);
  });
}

}  // namespace tenon
