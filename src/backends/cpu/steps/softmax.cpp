// "cpu.softmax", "cpu.log_softmax": x → y along one axis; along the last one they may be stored in 16 bits.
#include "backends/cpu/kernels/softmax/softmax.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/widened_rows.hpp"
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
    type_ = require_plain_floats(init, T::kName);
    if (const auto& dims = init.inputs[0]->as_tensor().dims)
      by_entry_ = axis_at(axis_, dims->size(), T::kName) > 0;
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if (type_ == DataType::f32) return 0;
    return widened_rows_scratch(rows_of(split_of(shape_at(shapes.inputs, 0, T::kName))), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& shape = shape_at(shapes.inputs, 0, T::kName);
    TENON_REQUIRE(shape == shape_at(shapes.outputs, 0, T::kName), "{}: operand and result differ in shape",
                  T::kName);
    const AxisSplit split = split_of(shape);
    TENON_REQUIRE(type_ == DataType::f32 || split.inner == 1, "{}: columns of {}", T::kName, name(type_));
    auto state = std::make_unique<SoftmaxState>();
    state->args = {nullptr, nullptr, split.outer, split.axis, split.inner, std::is_same_v<T, op::LogSoftmax>};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    SoftmaxArgs args = static_cast<const SoftmaxState&>(*call.state).args;
    if (type_ != DataType::f32) {
      run_widened_rows(*reorder_, rows_of({args.outer, args.axis, 1}), call.inputs[0]->data,
                       call.outputs[0]->data, call.scratch, *call.pool,
                       [&](const float* x, float* y, std::ptrdiff_t count) {
                         SoftmaxArgs rows = args;
                         rows.src = x;
                         rows.dst = y;
                         kernel_->routines().rows(rows, 0, count);
                       });
      return {};
    }
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    softmax_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  AxisSplit split_of(const Shape& shape) const {
    return split_at(shape, axis_at(axis_, shape.size(), T::kName));
  }
  WidenedRows rows_of(const AxisSplit& split) const { return {type_, split.outer, split.axis, split.axis}; }

  std::int64_t axis_;
  bool by_entry_ = false;
  const SoftmaxKernel* kernel_;
  const ReorderKernel* reorder_ = select_reorder(isa());
  DataType type_ = DataType::f32;
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
