// "cpu.softmax", "cpu.log_softmax": x → y along one axis.
#include "backends/cpu/kernels/softmax/softmax.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/softmax.hpp"

namespace tenon {
namespace cpu {
namespace {

struct SoftmaxState final : StepState {
  SoftmaxArgs args;
};

template <class T>
class SoftmaxStep final : public Step {
 public:
  explicit SoftmaxStep(const StepInit& init)
      : axis_(op_from_params<T>(init.params).axis), kernel_(select_softmax(isa())) {
    require_counts(init, T::kName, 1, 1, 0);
    require_tensors(init, T::kName, Layout(), DataType::f32);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& shape = shape_at(shapes.inputs, 0, T::kName);
    TENON_REQUIRE(shape == shape_at(shapes.outputs, 0, T::kName), "{}: operand and result differ in shape",
                  T::kName);
    const AxisSplit split = split_at(shape, axis_at(axis_, shape.size(), T::kName));
    auto state = std::make_unique<SoftmaxState>();
    state->args = {nullptr, nullptr, split.outer, split.axis, split.inner, std::is_same_v<T, op::LogSoftmax>};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    SoftmaxArgs args = static_cast<const SoftmaxState&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    softmax_run(*kernel_, args, *call.pool);
    return {};
  }

 private:
  std::int64_t axis_;
  const SoftmaxKernel* kernel_;
};

template <class T>
std::unique_ptr<Step> make_softmax(const StepInit& init) {
  return std::make_unique<SoftmaxStep<T>>(init);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_softmax(StepRegistry& registry) {
  registry.add("cpu.softmax", cpu::make_softmax<op::Softmax>);
  registry.add("cpu.log_softmax", cpu::make_softmax<op::LogSoftmax>);
}

}  // namespace tenon
