// The quantized products of matmul_s8.hpp: a [, residual] → y, weights: those of byte_weights.hpp; the dims
// of b as the operator takes it are "@b". A gate is applied to results while they are in a cache, by what
// rounds them.
#include "ops/quantized_matmul.hpp"

#include "backends/cpu/kernels/quantize/quantize.hpp"
#include "backends/cpu/steps/matmul_s8.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"

namespace tenon {
namespace cpu {
namespace {

struct QuantizedMatMulState final : StepState {
  GemmS8Args args;
};

template <class Form>
class QuantizedMatMulStep final : public Step {
 public:
  static constexpr std::string_view kKind = Form::kQuantized;

  explicit QuantizedMatMulStep(const StepInit& init)
      : op_(op_from_params<op::QuantizedMatMul>(init.params)), b_dims_(ints_param(init.params, "@b")) {
    residual_ = init.inputs.size() == 2;
    require_counts(init, kKind, residual_ ? 2 : 1, 1, init.weights.size());
    dtype_ = require_tensor(init.inputs[0], kKind, Layout()).dtype;
    byte_zero(op_.a_zero, dtype_, kKind);
    require_tensor(init.outputs[0], kKind, Layout(), op_.output_dtype);
    op::QuantizedMatMul sum = op_;
    if (is_gated()) {
      sum.activation = op::QuantizedActivation::none;
      gated_ = requantize_of(sum, kKind);
      sum.output_dtype = DataType::f32;
    }
    requantize_ = residual_ ? requantize_with_residual(
                                  sum, require_tensor(init.inputs[1], kKind, Layout()).dtype, kKind)
                            : requantize_of(sum, kKind);
    TENON_REQUIRE(!op_.transpose_a && op_.b_zero == 0, "{}: operands that its kernels do not take", kKind);
    volume(b_dims_);
    by_entry_ = matmul_by_entry({}, init.inputs[0], b_dims_);
    weights_ = ByteWeights::from(init.weights, kKind);
    if (!weights_.packed()) weights_ = packed(weights_);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return Form::scratch(args_of(shapes), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<QuantizedMatMulState>();
    GemmS8Args& args = state->args;
    args = args_of(shapes);
    require_weight(weights_.filter, kKind, DataType::i8, Form::packed_size(args.k, args.n));
    require_weight(weights_.bias, kKind, DataType::i32, gemm_s8_packed_bias_size(args.n));
    require_weight(weights_.multiplier, kKind, DataType::f32, gemm_s8_packed_bias_size(args.n));
    args.b = weights_.filter.values<std::int8_t>().data();
    args.bias = weights_.bias.values<std::int32_t>().data();
    args.requantize = requantize_;
    args.requantize.multiplier = weights_.multiplier.values<float>().data();
    args.requantize.find_range(gemm_s8_packed_bias_size(args.n));
    TENON_REQUIRE(!residual_ || shape_at(shapes.inputs, 1, kKind) == shape_at(shapes.outputs, 0, kKind),
                  "{}: the residual has another shape", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GemmS8Args args = static_cast<const QuantizedMatMulState&>(*call.state).args;
    args.a = call.inputs[0]->as<std::uint8_t>();
    args.requantize.residual = residual_ ? call.inputs[1]->data : nullptr;
    args.c = call.outputs[0]->data;
    const auto gate = [&](const ProductBlock& b) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(b.row) * args.n + b.column;
      auto* const dst = static_cast<std::byte*>(args.c) + at * (gated_.bytes ? 1 : sizeof(float));
      quantize_->routines().gate({b.results, b.stride, b.rows, b.columns, op::gate_of(op_.activation),
                                  op_.alpha, gated_, dst, args.n});
    };
    const ProductFinish finish(gate);
    args.finish = &finish;
    Form::run(*kernel_, args, call.scratch, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  ByteWeights packed(const ByteWeights& weights) const {
    TENON_REQUIRE(weights.filter.rank() == 2 && weights.filter.shape() == b_dims_,
                  "{}: a matrix of other dims than its parameters say", kKind);
    const int k = narrow_dim(b_dims_[op_.transpose_b ? 1 : 0]);
    const int n = narrow_dim(b_dims_[op_.transpose_b ? 0 : 1]);
    require_channels(weights, n, kKind);
    return pack_matrix<Form>(op_.transpose_b, k, n, weights, {dtype_, static_cast<int>(op_.a_zero)});
  }

  bool is_gated() const noexcept { return op::is_gated(op_.activation); }

  GemmS8Args args_of(const StepShapes& shapes) const {
    GemmS8Args args = gemm_s8_args(op_.transpose_b, dtype_, shape_at(shapes.inputs, 0, kKind), b_dims_,
                                   shape_at(shapes.outputs, 0, kKind), kKind);
    args.finished = is_gated();
    return args;
  }

  op::QuantizedMatMul op_;
  const typename Form::Kernel* kernel_ = Form::select(isa());
  Shape b_dims_;
  bool residual_;
  bool by_entry_ = false;
  DataType dtype_;
  const QuantizeKernel* quantize_ = select_quantize(isa());
  Requantize requantize_;  // of sums
  Requantize gated_;       // of what a gate makes of them
  ByteWeights weights_;    // packed
};

template <class Form>
void add_quantized_matmul(StepRegistry& registry) {
  registry.add(Form::kQuantized, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<QuantizedMatMulStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_quantized_matmul(StepRegistry& registry) {
  cpu::add_quantized_matmul<cpu::ByteProductByVectors>(registry);
  cpu::add_quantized_matmul<cpu::ByteProductByMatrices>(registry);
}

}  // namespace tenon
