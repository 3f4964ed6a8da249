// Between floats and bytes, and sums of bytes, element by element on plain or channel-blocked tensors:
//
//   "cpu.quantize"        x (f32), scale [, zero point] → bytes
//   "cpu.dequantize"      x (bytes), scale [, zero point] → f32
//   "cpu.quantized_add"   a, b (bytes of one shape) → bytes or f32
//   "cpu.byte_table"      x (bytes) → bytes, weight: the table
//
// Scales and zero points are of one element.
#include "backends/cpu/kernels/quantize/quantize.hpp"
#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"
#include "ops/byte_table.hpp"
#include "ops/quantized_add.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

struct ByteScaleState final : StepState {
  std::ptrdiff_t count = 0;                             // stored elements
  std::ptrdiff_t batch = 0, channels = 0, spatial = 0;  // of blocked floats, whose padding lanes are cleared
};

// What the three share: one dense result of the shape of the first operand, all in one layout.
class ByteScaleStep : public Step {
 public:
  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ByteScaleState>();
    const Shape& x = shape_at(shapes.inputs, 0, kind_);
    for (std::size_t i = 0; i < elementwise_; ++i)
      TENON_REQUIRE(shape_at(shapes.inputs, i, kind_) == x, "{}: operands of different shapes", kind_);
    for (std::size_t i = elementwise_; i < shapes.inputs.size(); ++i)
      TENON_REQUIRE(volume(shape_at(shapes.inputs, i, kind_)) == 1, "{}: a list of scales", kind_);
    TENON_REQUIRE(shape_at(shapes.outputs, 0, kind_) == x && (!blocked_ || x.size() >= 2),
                  "{}: operand and result differ in shape", kind_);
    state->count = volume(stored_shape(x, blocked_));
    if (blocked_ && result_ == DataType::f32) {
      state->batch = x[0];
      state->channels = x[1];
      state->spatial = volume(std::span(x).subspan(2));
    }
    return state;
  }

  bool works_by_entry() const override { return true; }

 protected:
  // `elementwise` inputs have the result's layout, what follows them is of one element.
  ByteScaleStep(const StepInit& init, std::string_view kind, std::size_t elementwise)
      : kind_(kind), elementwise_(elementwise) {
    blocked_ = init.outputs[0] != nullptr && init.outputs[0]->is_tensor() &&
               !init.outputs[0]->as_tensor().layout.is_plain();
    const Layout layout = blocked_ ? Layout::channel_blocked(kChannelBlock) : Layout();
    result_ = require_tensor(init.outputs[0], kind, layout).dtype;
    for (std::size_t i = 0; i < elementwise; ++i) require_tensor(init.inputs[i], kind, layout);
  }

  static DataType dtype_of(const Type* type) { return type->as_tensor().dtype; }
  void require_scale(const StepInit& init, DataType bytes) const {
    TENON_REQUIRE(is_byte(bytes), "{}: bytes of {}", kind_, name(bytes));
    require_tensor(init.inputs[1], kind_, Layout(), DataType::f32);
    if (init.inputs.size() > 2) require_tensor(init.inputs[2], kind_, Layout(), bytes);
  }
  static std::int32_t zero_of(const StepCall& call, bool is_signed) noexcept {
    if (call.inputs.size() < 3) return 0;
    return is_signed ? *call.inputs[2]->as<std::int8_t>() : *call.inputs[2]->as<std::uint8_t>();
  }
  static void clear_lanes(const ByteScaleState& state, const StepCall& call) noexcept {
    if (state.channels != 0)
      clear_padding(call.outputs[0]->data, sizeof(float), state.batch, state.channels, state.spatial,
                    *call.pool);
  }

  const QuantizeKernel* kernel_ = select_quantize(isa());
  std::string_view kind_;
  std::size_t elementwise_;
  bool blocked_;
  DataType result_;
};

class QuantizeStep final : public ByteScaleStep {
 public:
  static constexpr std::string_view kKind = "cpu.quantize";
  explicit QuantizeStep(const StepInit& init)
      : ByteScaleStep(
            (require_counts(init, kKind, std::clamp<std::size_t>(init.inputs.size(), 2, 3), 1, 0), init),
            kKind, 1) {
    TENON_REQUIRE(dtype_of(init.inputs[0]) == DataType::f32, "{}: an operand of {}", kKind,
                  name(dtype_of(init.inputs[0])));
    require_scale(init, result_);
  }

  Status run(const StepCall& call) const noexcept override {
    const bool is_signed = result_ == DataType::i8;
    quantize_run(*kernel_,
                 {call.inputs[0]->as<float>(), call.outputs[0]->as<std::uint8_t>(),
                  static_cast<const ByteScaleState&>(*call.state).count, *call.inputs[1]->as<float>(),
                  static_cast<float>(zero_of(call, is_signed)), is_signed},
                 *call.pool);
    return {};
  }
};

class DequantizeStep final : public ByteScaleStep {
 public:
  static constexpr std::string_view kKind = "cpu.dequantize";
  explicit DequantizeStep(const StepInit& init)
      : ByteScaleStep(
            (require_counts(init, kKind, std::clamp<std::size_t>(init.inputs.size(), 2, 3), 1, 0), init),
            kKind, 1) {
    TENON_REQUIRE(result_ == DataType::f32, "{}: a result of {}", kKind, name(result_));
    is_signed_ = dtype_of(init.inputs[0]) == DataType::i8;
    require_scale(init, dtype_of(init.inputs[0]));
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const ByteScaleState&>(*call.state);
    bytes_to_floats_run(*kernel_,
                        {call.inputs[0]->as<std::uint8_t>(), call.outputs[0]->as<float>(), state.count,
                         *call.inputs[1]->as<float>(), zero_of(call, is_signed_), is_signed_},
                        *call.pool);
    clear_lanes(state, call);
    return {};
  }

 private:
  bool is_signed_;
};

class QuantizedAddStep final : public ByteScaleStep {
 public:
  static constexpr std::string_view kKind = "cpu.quantized_add";
  explicit QuantizedAddStep(const StepInit& init)
      : ByteScaleStep((require_counts(init, kKind, 2, 1, 0), init), kKind, 2) {
    const auto op = op_from_params<op::QuantizedAdd>(init.params);
    TENON_REQUIRE(result_ == op.output_dtype, "{}: a result of {}", kKind, name(result_));
    args_.requantize = requantize_of(op, kKind);
    const auto operand = [&](const Type* type, std::int64_t zero, float multiplier) -> ByteOperand {
      const DataType dtype = dtype_of(type);
      return {nullptr, dtype == DataType::i8, byte_zero(zero, dtype, kKind), multiplier};
    };
    args_.a = operand(init.inputs[0], op.a_zero, op.a_multiplier);
    args_.b = operand(init.inputs[1], op.b_zero, op.b_multiplier);
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const ByteScaleState&>(*call.state);
    AddBytesArgs args = args_;
    args.a.data = call.inputs[0]->as<std::uint8_t>();
    args.b.data = call.inputs[1]->as<std::uint8_t>();
    args.dst = call.outputs[0]->data;
    args.count = state.count;
    add_bytes_run(*kernel_, args, *call.pool);
    clear_lanes(state, call);
    return {};
  }

 private:
  AddBytesArgs args_;
};

class ByteTableStep final : public ByteScaleStep {
 public:
  static constexpr std::string_view kKind = "cpu.byte_table";
  explicit ByteTableStep(const StepInit& init)
      : ByteScaleStep((require_counts(init, kKind, 1, 1, 1), init), kKind, 1), table_(init.weights[0]) {
    TENON_REQUIRE(is_byte(dtype_of(init.inputs[0])) && is_byte(result_), "{}: operands that are no bytes",
                  kKind);
    require_weight(table_, kKind, result_, op::ByteTable::kSize);
  }

  Status run(const StepCall& call) const noexcept override {
    look_up_run(*kernel_,
                {call.inputs[0]->as<std::uint8_t>(), call.outputs[0]->as<std::uint8_t>(),
                 static_cast<const ByteScaleState&>(*call.state).count,
                 reinterpret_cast<const std::uint8_t*>(table_.data())},
                *call.pool);
    return {};
  }

 private:
  Tensor table_;
};

template <class Kind>
void add_byte_scale(StepRegistry& registry) {
  registry.add(Kind::kKind,
               [](const StepInit& init) -> std::unique_ptr<Step> { return std::make_unique<Kind>(init); });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_byte_scale(StepRegistry& registry) {
  cpu::add_byte_scale<cpu::QuantizeStep>(registry);
  cpu::add_byte_scale<cpu::DequantizeStep>(registry);
  cpu::add_byte_scale<cpu::QuantizedAddStep>(registry);
  cpu::add_byte_scale<cpu::ByteTableStep>(registry);
}

}  // namespace tenon
