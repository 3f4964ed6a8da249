// "cpu.quantized_attention": q, k, v [, mask] → y, with the operator's fields.
#include "ops/quantized_attention.hpp"

#include "backends/cpu/kernels/attention_s8/attention_s8.hpp"
#include "backends/cpu/steps/attention_geometry.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"

namespace tenon {
namespace cpu {
namespace {

struct QuantizedAttentionState final : StepState {
  AttentionS8Args args;
};

class QuantizedAttentionStep final : public Step {
 public:
  static constexpr std::string_view kKind = "cpu.quantized_attention";

  explicit QuantizedAttentionStep(const StepInit& init)
      : op_(op_from_params<op::QuantizedAttention>(init.params)), mask_(init.inputs.size() == 4) {
    require_counts(init, kKind, mask_ ? 4 : 3, 1, 0);
    for (std::size_t i = 0; i < 3; ++i) dtypes_[i] = require_tensor(init.inputs[i], kKind, Layout()).dtype;
    byte_zero(op_.q_zero, dtypes_[0], kKind);
    TENON_REQUIRE(is_byte(dtypes_[1]), "{}: keys of {}", kKind, name(dtypes_[1]));
    byte_zero(op_.v_zero, dtypes_[2], kKind);
    if (mask_) require_tensor(init.inputs[3], kKind, Layout(), DataType::f32);
    by_entry_ = mask_by_entry(mask_ ? init.inputs[3] : nullptr);
    require_tensor(init.outputs[0], kKind, Layout(), op_.output_dtype);
    TENON_REQUIRE(op_.heads >= 0 && op_.kv_heads >= 0 && (op_.heads != 0 || op_.kv_heads == 0),
                  "{}: {} heads for {}", kKind, op_.heads, op_.kv_heads);
    if (op_.output_dtype == DataType::f32) {
      requantize_.bytes = false;
    } else {
      const std::int32_t least = op_.output_dtype == DataType::i8 ? -128 : 0;
      requantize_.to_bytes(least, least + 255, byte_zero(op_.y_zero, op_.output_dtype, kKind));
    }
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return attention_s8_scratch_size(args_of(shapes), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<QuantizedAttentionState>();
    state->args = args_of(shapes);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    AttentionS8Args args = static_cast<const QuantizedAttentionState&>(*call.state).args;
    args.q = call.inputs[0]->as<std::uint8_t>();
    args.k = call.inputs[1]->as<std::uint8_t>();
    args.v = call.inputs[2]->as<std::uint8_t>();
    args.mask = mask_ ? call.inputs[3]->as<float>() : nullptr;
    args.y = call.outputs[0]->data;
    attention_s8_run(*kernel_, *products_, args, call.scratch, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  AttentionS8Args args_of(const StepShapes& shapes) const {
    const Shape& q = shape_at(shapes.inputs, 0, kKind);
    const Shape& k = shape_at(shapes.inputs, 1, kKind);
    const Shape& v = shape_at(shapes.inputs, 2, kKind);
    AttentionS8Args args;
    set_attention_geometry(args, op::attention_extents(op_.of_floats(), q, k, v), op_.heads != 0, q, k, v,
                           shape_at(shapes.outputs, 0, kKind), kKind);
    if (mask_) set_attention_mask(args, shape_at(shapes.inputs, 3, kKind), kKind);
    args.q_signed = dtypes_[0] == DataType::i8;
    args.k_signed = dtypes_[1] == DataType::i8;
    args.v_signed = dtypes_[2] == DataType::i8;
    args.q_zero = static_cast<int>(op_.q_zero);
    args.score_multiplier = op_.score_multiplier;
    args.y_multiplier = op_.y_multiplier;
    args.y_offset = static_cast<float>(op::byte_middle(dtypes_[2]) - op_.v_zero) * op_.y_multiplier;
    args.requantize = requantize_;
    return args;
  }

  op::QuantizedAttention op_;
  const AttentionS8Kernel* kernel_ = select_attention_s8(isa());
  const ConvS8Kernel* products_ = select_conv_s8(isa());
  bool mask_;
  bool by_entry_ = false;
  DataType dtypes_[3] = {};
  Requantize requantize_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_quantized_attention(StepRegistry& registry) {
  registry.add(cpu::QuantizedAttentionStep::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::QuantizedAttentionStep>(init);
  });
}

}  // namespace tenon
