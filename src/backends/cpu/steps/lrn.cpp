// "cpu.lrn": the parameters are those of op::Lrn.
#include "backends/cpu/kernels/lrn/lrn.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/lrn.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

struct LrnState final : StepState {
  LrnArgs args;
};

class LrnStep final : public Step {
 public:
  explicit LrnStep(const StepInit& init)
      : op_(op_from_params<op::Lrn>(init.params)), kernel_(select_lrn(isa())) {
    require_counts(init, kKind, 1, 1, 0);
    require_tensors(init, kKind, Layout(), DataType::f32);
    TENON_REQUIRE(op_.size >= 1, "{}: a window of {} channels", kKind, op_.size);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& shape = shape_at(shapes.inputs, 0, kKind);
    TENON_REQUIRE(shape == shape_at(shapes.outputs, 0, kKind), "{}: operand and result differ in shape",
                  kKind);
    const AxisSplit split = split_at(shape, axis_at(1, shape.size(), kKind));
    // A window that reaches beyond all channels is as good as a longer one.
    const std::int64_t size = std::min<std::int64_t>(op_.size, 2 * split.axis + 1);
    auto state = std::make_unique<LrnState>();
    state->args = {nullptr,     nullptr,        split.outer, split.axis,
                   split.inner, (size - 1) / 2, size / 2,    op_.alpha / static_cast<float>(op_.size),
                   op_.beta,    op_.bias};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    LrnArgs args = static_cast<const LrnState&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    lrn_run(*kernel_, args, *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.lrn";
  op::Lrn op_;
  const LrnKernel* kernel_;
};

std::unique_ptr<Step> make_lrn(const StepInit& init) { return std::make_unique<LrnStep>(init); }

}  // namespace
}  // namespace cpu

void register_cpu_step_lrn(StepRegistry& registry) { registry.add("cpu.lrn", cpu::make_lrn); }

}  // namespace tenon
