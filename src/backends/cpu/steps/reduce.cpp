// "cpu.reduce" over neighbouring axes @first … @last-1 with function @fn (its place in ReduceFn), and
// "cpu.arg_reduce" along
// @first with @smallest and @select_last. Whether reduced axes stay as 1 changes no element.
#include "backends/cpu/kernels/reduce/reduce.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/widened_rows.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

AxisSplit split_range(const Shape& x, std::int64_t first, std::int64_t last, std::string_view kind) {
  TENON_REQUIRE(0 <= first && first <= last && last <= static_cast<std::int64_t>(x.size()),
                "{}: axes {} to {} of {}", kind, first, last, x.size());
  const auto a = static_cast<std::size_t>(first), b = static_cast<std::size_t>(last);
  return {volume(std::span(x).first(a)), volume(std::span(x).subspan(a, b - a)),
          volume(std::span(x).subspan(b))};
}

template <class Args>
struct ReduceState final : StepState {
  Args args;
};

class ReduceStep final : public Step {
 public:
  explicit ReduceStep(const StepInit& init)
      : kernel_(select_reduce(isa())),
        first_(int_param(init.params, "@first")),
        last_(int_param(init.params, "@last")) {
    require_counts(init, kKind, 1, 1, 0);
    type_ = require_plain_floats(init, kKind);
    const std::int64_t fn = int_param(init.params, "@fn");
    TENON_REQUIRE(fn >= 0 && fn < kReduceFunctions, "{}: function {}", kKind, fn);
    fn_ = static_cast<ReduceFn>(fn);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if (type_ == DataType::f32) return 0;
    const AxisSplit split = split_range(shape_at(shapes.inputs, 0, kKind), first_, last_, kKind);
    return widened_rows_scratch({type_, 0, split.axis, 1}, shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const AxisSplit split = split_range(x, first_, last_, kKind);
    TENON_REQUIRE(volume(shape_at(shapes.outputs, 0, kKind)) == split.outer * split.inner,
                  "{}: operand and result do not fit", kKind);
    TENON_REQUIRE(type_ == DataType::f32 || split.inner == 1, "{}: columns of {}", kKind, name(type_));
    auto state = std::make_unique<ReduceState<ReduceArgs>>();
    state->args = {fn_, nullptr, nullptr, split.outer, split.axis, split.inner};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ReduceArgs args = static_cast<const ReduceState<ReduceArgs>&>(*call.state).args;
    if (type_ != DataType::f32) {
      run_widened_rows(*reorder_, {type_, args.outer, args.axis, 1}, call.inputs[0]->data,
                       call.outputs[0]->data, call.scratch, *call.pool,
                       [&](const float* x, float* y, std::ptrdiff_t count) {
                         ReduceArgs rows = args;
                         rows.src = x;
                         rows.dst = y;
                         kernel_->routines().reduce(rows, 0, count);
                       });
      return {};
    }
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    reduce_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return first_ > 0; }

 private:
  static constexpr std::string_view kKind = "cpu.reduce";
  const ReduceKernel* kernel_;
  const ReorderKernel* reorder_ = select_reorder(isa());
  DataType type_ = DataType::f32;
  std::int64_t first_, last_;
  ReduceFn fn_ = ReduceFn::sum;
};

class ArgReduceStep final : public Step {
 public:
  explicit ArgReduceStep(const StepInit& init)
      : kernel_(select_reduce(isa())),
        axis_(int_param(init.params, "@first")),
        smallest_(int_param(init.params, "@smallest") != 0),
        last_(int_param(init.params, "@select_last") != 0) {
    require_counts(init, kKind, 1, 1, 0);
    require_tensor(init.inputs[0], kKind, Layout(), DataType::f32);
    require_tensor(init.outputs[0], kKind, Layout(), DataType::i64);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const AxisSplit split = split_range(x, axis_, axis_ + 1, kKind);
    TENON_REQUIRE(volume(shape_at(shapes.outputs, 0, kKind)) == split.outer * split.inner,
                  "{}: operand and result do not fit", kKind);
    TENON_REQUIRE(split.axis > 0, "{}: the extreme of no elements", kKind);
    narrow_dim(split.axis);
    auto state = std::make_unique<ReduceState<ArgReduceArgs>>();
    state->args = {nullptr, nullptr, split.outer, split.axis, split.inner, smallest_, last_};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ArgReduceArgs args = static_cast<const ReduceState<ArgReduceArgs>&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<std::int64_t>();
    arg_reduce_run(*kernel_, args, *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.arg_reduce";
  const ReduceKernel* kernel_;
  std::int64_t axis_;
  bool smallest_, last_;
};

template <class T>
std::unique_ptr<Step> make_reduce(const StepInit& init) {
  return std::make_unique<T>(init);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_reduce(StepRegistry& registry) {
  registry.add("cpu.reduce", cpu::make_reduce<cpu::ReduceStep>);
  registry.add("cpu.arg_reduce", cpu::make_reduce<cpu::ArgReduceStep>);
}

}  // namespace tenon
