// "cpu.max_pool", "cpu.average_pool", "cpu.global_max_pool", "cpu.global_average_pool": x → y, both plain or
// both blocked; blocked tensors may be stored in 16 bits.
#include "backends/cpu/steps/pool.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/windows.hpp"
#include "base/check.hpp"
#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/max_pool.hpp"

namespace tenon {
namespace cpu {

PoolArgs pool_args(PoolArgs::Kind kind, std::span<const std::int64_t> x,
                   std::span<const op::WindowAxis> axes) {
  PoolArgs args;
  args.kind = kind;
  args.batch = x[0];
  args.channels = x[1];
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const op::WindowAxis& a = axes[i];
    args.axes[3 - axes.size() + i] = {narrow_dim(a.input),  narrow_dim(a.output),   narrow_dim(a.kernel),
                                      narrow_dim(a.stride), narrow_dim(a.dilation), narrow_dim(a.pad_begin),
                                      narrow_dim(a.pad_end)};
  }
  return args;
}

bool windows_touch_input(const op::WindowAxis& axis) noexcept {
  for (std::int64_t o = 0; o < axis.output; ++o) {
    const std::int64_t start = o * axis.stride - axis.pad_begin;
    const std::int64_t first = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation;
    if (first >= axis.kernel || start + first * axis.dilation >= axis.input) return false;
  }
  return true;
}

namespace {

struct PoolState final : StepState {
  PoolArgs args;
  bool nothing = false;  // there are no images, or no channels
};

template <class T>
inline constexpr bool kIsMax = std::is_same_v<T, op::MaxPool> || std::is_same_v<T, op::GlobalMaxPool>;
template <class T>
inline constexpr bool kIsGlobal =
    std::is_same_v<T, op::GlobalMaxPool> || std::is_same_v<T, op::GlobalAveragePool>;

template <class T>
class PoolStep final : public Step {
 public:
  explicit PoolStep(const StepInit& init) : op_(op_from_params<T>(init.params)), kernel_(select_pool(isa())) {
    require_counts(init, T::kName, 1, 1, 0);
    stored_ = require_floats(init, T::kName);
    TENON_REQUIRE(stored_.blocked || stored_.dtype == DataType::f32, "{}: plain tensors of {}", T::kName,
                  name(stored_.dtype));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, T::kName);
    const Shape& y = shape_at(shapes.outputs, 0, T::kName);
    TENON_REQUIRE(x.size() >= 3 && x.size() <= 5 && y.size() == x.size() && x[0] == y[0] && x[1] == y[1],
                  "{}: operand and result do not fit", T::kName);
    volume(stored_shape(x, stored_.blocked));
    auto state = std::make_unique<PoolState>();
    state->nothing = x[0] == 0 || x[1] == 0;
    if (state->nothing) return state;
    const std::vector<op::WindowAxis> axes = resolve(x, y);
    state->args = pool_args(kIsMax<T> ? PoolArgs::Kind::max : PoolArgs::Kind::average, x, axes);
    state->args.blocked = stored_.blocked;
    state->args.type = stored_.dtype;
    if constexpr (std::is_same_v<T, op::AveragePool>) state->args.count_include_pad = op_.count_include_pad;
    for (const op::WindowAxis& axis : axes) {
      TENON_REQUIRE(windows_touch_input(axis), "{}: a window lies in the padding", T::kName);
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const PoolState&>(*call.state);
    if (state.nothing) return {};
    PoolArgs args = state.args;
    args.src = call.inputs[0]->data;
    args.dst = call.outputs[0]->data;
    pool_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return true; }

  std::optional<RowWindow> row_window() const override {
    if constexpr (kIsGlobal<T>) {
      return std::nullopt;
    } else {
      return kIsMax<T> || !op_.ceil_mode ? rows_of_windows(op::window_fields(op_), op_.kernel) : std::nullopt;
    }
  }

 private:
  std::vector<op::WindowAxis> resolve(const Shape& x, const Shape& y) const {
    if constexpr (kIsGlobal<T>) {
      return resolve_checked({}, x, std::span(x).subspan(2), y);
    } else {
      return resolve_checked(op::window_fields(op_), x, op_.kernel, y);
    }
  }

  T op_;
  const PoolKernel* kernel_;
  FloatOperands stored_;
};

template <class T>
std::unique_ptr<Step> make_pool(const StepInit& init) {
  return std::make_unique<PoolStep<T>>(init);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_pool(StepRegistry& registry) {
  registry.add("cpu.max_pool", cpu::make_pool<op::MaxPool>);
  registry.add("cpu.average_pool", cpu::make_pool<op::AveragePool>);
  registry.add("cpu.global_max_pool", cpu::make_pool<op::GlobalMaxPool>);
  registry.add("cpu.global_average_pool", cpu::make_pool<op::GlobalAveragePool>);
}

}  // namespace tenon
