// "cpu.attention": q [, k, v] [, mask] → y, with the operator's fields; "@kv" and "@mask" say which operands
// there are. All but the mask are of one type: f32, or 16 bits.
#include "backends/cpu/kernels/attention/attention.hpp"

#include "backends/cpu/steps/attention_geometry.hpp"
#include "backends/cpu/steps/op_params.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kAttention = "cpu.attention", kHalfAttention = "cpu.attention_bf16";

struct AttentionState final : StepState {
  AttentionArgs args;
};

class AttentionStep final : public Step {
 public:
  AttentionStep(const StepInit& init, bool multiplies_half)
      : op_(op_from_params<op::Attention>(init.params)),
        kernel_(select_attention(isa())),
        gemm_(select_gemm(isa())),
        pairs_(multiplies_half ? select_conv_half(isa(), DataType::bf16) : nullptr),
        kv_(int_param(init.params, "@kv") != 0),
        mask_(int_param(init.params, "@mask") != 0) {
    require_counts(init, kAttention, 1U + (kv_ ? 2U : 0U) + mask_, 1, 0);
    type_ = require_tensor(init.inputs[0], kAttention, Layout()).dtype;
    TENON_REQUIRE(is_float_type(type_), "{}: operands of {}", kAttention, name(type_));
    for (std::size_t i = 1; i < init.inputs.size(); ++i)
      require_tensor(init.inputs[i], kAttention, Layout(),
                     mask_ && i + 1 == init.inputs.size() ? DataType::f32 : type_);
    require_tensor(init.outputs[0], kAttention, Layout(), type_);
    by_entry_ = mask_by_entry(mask_ ? init.inputs.back() : nullptr);
    TENON_REQUIRE(op_.heads >= 0 && op_.kv_heads >= 0 && (op_.heads != 0 || op_.kv_heads == 0),
                  "{}: {} heads for {}", kAttention, op_.heads, op_.kv_heads);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return attention_scratch_size(args_of(shapes), shapes.threads) * sizeof(float);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<AttentionState>();
    state->args = args_of(shapes);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    AttentionArgs args = static_cast<const AttentionState&>(*call.state).args;
    args.q = call.inputs[0]->data;
    if (kv_) {
      args.k = call.inputs[1]->data;
      args.v = call.inputs[2]->data;
    } else {
      const std::ptrdiff_t column = static_cast<std::ptrdiff_t>(float_bytes(type_)) * args.depth;
      args.k = static_cast<const std::byte*>(args.q) + args.heads * column;
      args.v = static_cast<const std::byte*>(args.k) + args.kv_heads * column;
    }
    args.mask = mask_ ? call.inputs[kv_ ? 3 : 1]->as<float>() : nullptr;
    args.y = call.outputs[0]->data;
    attention_run(*kernel_, *gemm_, pairs_, args, reinterpret_cast<float*>(call.scratch), *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  AttentionArgs args_of(const StepShapes& shapes) const {
    const Shape none;
    const Shape& q = shape_at(shapes.inputs, 0, kAttention);
    const Shape& k = kv_ ? shape_at(shapes.inputs, 1, kAttention) : none;
    const Shape& v = kv_ ? shape_at(shapes.inputs, 2, kAttention) : none;
    const op::AttentionExtents e = op::attention_extents(op_, q, k, v);
    const bool side_by_side = op_.heads != 0;
    AttentionArgs args;
    args.type = type_;
    set_attention_geometry(args, e, side_by_side, q, k, v, shape_at(shapes.outputs, 0, kAttention),
                           kAttention);
    args.scale = op_.scale;
    args.causal = op_.causal != op::Causal::none;
    args.blind_is_zero = op_.blind_is_zero;
    if (op_.causal == op::Causal::bottom_right) args.causal_offset = args.keys - args.queries;
    if (mask_) set_attention_mask(args, shape_at(shapes.inputs, kv_ ? 3 : 1, kAttention), kAttention);
    return args;
  }

  op::Attention op_;
  const AttentionKernel* kernel_;
  const GemmKernel* gemm_;
  const ConvHalfKernel* pairs_;  // or nullptr
  bool kv_;
  bool mask_;
  bool by_entry_ = false;
  DataType type_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_attention(StepRegistry& registry) {
  registry.add(cpu::kAttention, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::AttentionStep>(init, false);
  });
  registry.add(cpu::kHalfAttention, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::AttentionStep>(init, true);
  });
}

}  // namespace tenon
