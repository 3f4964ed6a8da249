// Pooling of channel-blocked bytes: "cpu.byte_max_pool", "cpu.quantized_average_pool": x → y.
#include "backends/cpu/kernels/pool_s8/pool_s8.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/pool.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/steps/windows.hpp"
#include "base/check.hpp"
#include "ops/max_pool.hpp"
#include "ops/quantized_average_pool.hpp"

namespace tenon {
namespace cpu {
namespace {

struct BytePoolState final : StepState {
  PoolS8Args args;
  bool nothing = false;
};

template <class T>
class BytePoolStep final : public Step {
 public:
  static constexpr bool kMax = std::is_same_v<T, op::MaxPool>;
  static constexpr std::string_view kKind = kMax ? "cpu.byte_max_pool" : "cpu.quantized_average_pool";

  explicit BytePoolStep(const StepInit& init) : op_(op_from_params<T>(init.params)) {
    require_counts(init, kKind, 1, 1, 0);
    const Layout blocks = Layout::channel_blocked(kChannelBlock);
    dtype_ = require_tensor(init.inputs[0], kKind, blocks).dtype;
    TENON_REQUIRE(is_byte(dtype_), "{}: an operand of {}", kKind, name(dtype_));
    require_tensor(init.outputs[0], kKind, blocks, dtype_);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const Shape& y = shape_at(shapes.outputs, 0, kKind);
    TENON_REQUIRE(x.size() >= 3 && x.size() <= 5 && y.size() == x.size() && x[0] == y[0] && x[1] == y[1],
                  "{}: operand and result do not fit", kKind);
    volume(stored_shape(x, true));
    auto state = std::make_unique<BytePoolState>();
    state->nothing = x[0] == 0 || x[1] == 0;
    if (state->nothing) return state;
    const auto axes = resolve(x, y);
    for (const op::WindowAxis& axis : axes)
      TENON_REQUIRE(windows_touch_input(axis), "{}: a window lies in the padding", kKind);
    const PoolArgs geometry = pool_args(kMax ? PoolArgs::Kind::max : PoolArgs::Kind::average, x, axes);
    PoolS8Args& args = state->args;
    args.kind = geometry.kind;
    args.is_signed = dtype_ == DataType::i8;
    args.batch = geometry.batch;
    args.channels = geometry.channels;
    for (int i = 0; i < 3; ++i) args.axes[i] = geometry.axes[i];
    if constexpr (!kMax) {
      args.count_include_pad = op_.count_include_pad;
      args.src_zero = byte_zero(op_.x_zero, dtype_, kKind);
      args.multiplier = op_.multiplier;
      const std::int32_t least = args.is_signed ? -128 : 0;
      args.requantize.to_bytes(least, least + 255, byte_zero(op_.y_zero, dtype_, kKind));
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const BytePoolState&>(*call.state);
    if (state.nothing) return {};
    PoolS8Args args = state.args;
    args.src = call.inputs[0]->as<std::uint8_t>();
    args.dst = call.outputs[0]->as<std::uint8_t>();
    pool_s8_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return true; }

 private:
  // No kernel is all of the image.
  std::vector<op::WindowAxis> resolve(const Shape& x, const Shape& y) const {
    if (op_.kernel.empty()) return resolve_checked({}, x, std::span(x).subspan(2), y);
    return resolve_checked(op::window_fields(op_), x, op_.kernel, y);
  }

  T op_;
  const PoolS8Kernel* kernel_ = select_pool_s8(isa());
  DataType dtype_;
};

template <class T>
void add_byte_pool(StepRegistry& registry) {
  registry.add(BytePoolStep<T>::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<BytePoolStep<T>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_byte_pool(StepRegistry& registry) {
  cpu::add_byte_pool<op::MaxPool>(registry);
  cpu::add_byte_pool<op::QuantizedAveragePool>(registry);
}

}  // namespace tenon
