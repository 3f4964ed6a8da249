// "cpu.attention": q [, k, v] [, mask] → y, with the operator's fields; "@kv" and "@mask" say which operands
// there are. All but the mask are of one type: f32, or 16 bits.
#include "backends/cpu/kernels/attention/attention.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/attention.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kAttention = "cpu.attention";

struct AttentionState final : StepState {
  AttentionArgs args;
};

// Elements between the heads and rows of a dense operand of `heads` heads, `columns` each.
AttentionStrides strides_of(const Shape& shape, bool side_by_side, std::ptrdiff_t columns) {
  if (side_by_side) return {shape[1] * shape[2], columns, shape[2]};
  return {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
}

class AttentionStep final : public Step {
 public:
  explicit AttentionStep(const StepInit& init)
      : op_(op_from_params<op::Attention>(init.params)),
        kernel_(select_attention(isa())),
        gemm_(select_gemm(isa())),
        kv_(int_param(init.params, "@kv") != 0),
        mask_(int_param(init.params, "@mask") != 0) {
    require_counts(init, kAttention, 1U + (kv_ ? 2U : 0U) + mask_, 1, 0);
    type_ = require_tensor(init.inputs[0], kAttention, Layout()).dtype;
    TENON_REQUIRE(is_float_type(type_), "{}: operands of {}", kAttention, name(type_));
    for (std::size_t i = 1; i < init.inputs.size(); ++i)
      require_tensor(init.inputs[i], kAttention, Layout(),
                     mask_ && i + 1 == init.inputs.size() ? DataType::f32 : type_);
    require_tensor(init.outputs[0], kAttention, Layout(), type_);
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
    attention_run(*kernel_, *gemm_, args, reinterpret_cast<float*>(call.scratch), *call.pool);
    return {};
  }

 private:
  AttentionArgs args_of(const StepShapes& shapes) const {
    const Shape none;
    const Shape& q = shape_at(shapes.inputs, 0, kAttention);
    const Shape& k = kv_ ? shape_at(shapes.inputs, 1, kAttention) : none;
    const Shape& v = kv_ ? shape_at(shapes.inputs, 2, kAttention) : none;
    const op::AttentionExtents e = op::attention_extents(op_, q, k, v);
    const bool side_by_side = op_.heads != 0;
    const Shape& y = shape_at(shapes.outputs, 0, kAttention);
    const Shape expected = side_by_side ? Shape{e.batch, e.queries, e.heads * e.value_depth}
                                        : Shape{e.batch, e.heads, e.queries, e.value_depth};
    TENON_REQUIRE(y == expected, "{}: operands and result do not fit", kAttention);
    for (const Shape* shape : {&q, &k, &v, &y}) volume(*shape);

    AttentionArgs args;
    args.type = type_;
    args.batch = narrow_dim(e.batch);
    args.heads = narrow_dim(e.heads);
    args.kv_heads = narrow_dim(e.kv_heads);
    args.queries = narrow_dim(e.queries);
    args.keys = narrow_dim(e.keys);
    args.depth = narrow_dim(e.depth);
    args.value_depth = narrow_dim(e.value_depth);
    args.scale = op_.scale;
    args.causal = op_.causal != op::Causal::none;
    args.blind_is_zero = op_.blind_is_zero;
    if (op_.causal == op::Causal::bottom_right) args.causal_offset = args.keys - args.queries;
    args.q_strides = strides_of(q, side_by_side, e.depth);
    args.k_strides = strides_of(kv_ ? k : q, side_by_side, e.depth);
    args.v_strides = strides_of(kv_ ? v : q, side_by_side, e.value_depth);
    args.y_strides = strides_of(y, side_by_side, e.value_depth);
    if (mask_) set_mask(args, shape_at(shapes.inputs, kv_ ? 3 : 1, kAttention));
    return args;
  }

  // A mask of any rank up to 4, broadcast to [batch, heads, queries, keys].
  static void set_mask(AttentionArgs& args, const Shape& mask) {
    TENON_REQUIRE(mask.size() <= 4, "{}: a mask of rank {}", kAttention, mask.size());
    const int full[] = {args.batch, args.heads, args.queries, args.keys};
    std::ptrdiff_t strides[4] = {};
    std::ptrdiff_t stride = 1;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      const std::int64_t dim = mask[mask.size() - 1 - i];
      TENON_REQUIRE(dim == 1 || dim == full[3 - i], "{}: the mask does not fit", kAttention);
      if (dim != 1) strides[3 - i] = stride;
      stride *= dim;
    }
    static const float kPresent = 0;
    args.mask = &kPresent;  // for the size of the scratch; run() puts the operand in
    args.mask_strides = {strides[0], strides[1], strides[2]};
    args.mask_key = strides[3];
  }

  op::Attention op_;
  const AttentionKernel* kernel_;
  const GemmKernel* gemm_;
  bool kv_;
  bool mask_;
  DataType type_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_attention(StepRegistry& registry) {
  registry.add("cpu.attention", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::AttentionStep>(init);
  });
}

}  // namespace tenon
