// The products of half_matmul_forms.hpp: a [, residual] → y, weights: b, packed and rounded to the type [,
// bias]; b's dims as the operator takes them are "@b". a, residual and y are plain, each of the type or f32.
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/half_matmul_forms.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

struct HalfMatMulState final : StepState {
  GemmHalfArgs args;
};

template <class Form>
class HalfMatMulStep final : public Step {
 public:
  static constexpr std::string_view kKind = Form::kKind;

  explicit HalfMatMulStep(const StepInit& init)
      : op_(op_from_params<op::MatMul>(init.params)),
        kernel_(Form::select(isa())),
        b_dims_(ints_param(init.params, "@b")) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "{}: its kernels have no epilogue {}", kKind,
                  op_.epilogue.to_string());
    TENON_REQUIRE(op_.alpha == 1.0F, "{}: a scaled product", kKind);
    args_.act = epilogue->act;
    residual_ = epilogue->residual;
    const bool has_bias = init.weights.size() == 2;
    require_counts(init, kKind, residual_ ? 2 : 1, 1, has_bias ? 2 : 1);
    args_.a_single = is_single(init.inputs[0]);
    if (residual_) args_.residual_single = is_single(init.inputs[1]);
    args_.c_single = is_single(init.outputs[0]);
    weights_ = init.weights[0];
    if (has_bias) bias_ = init.weights[1];
    volume(b_dims_);
    by_entry_ = matmul_by_entry(op_, init.inputs[0], b_dims_);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return Form::scratch(*kernel_, args_of(shapes), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<HalfMatMulState>();
    GemmHalfArgs& args = state->args;
    args = args_of(shapes);
    require_weight(weights_, kKind, Form::kType, Form::packed_size(args.k, args.n));
    args.b = reinterpret_cast<const std::uint16_t*>(weights_.data());
    if (bias_) {
      require_weight(*bias_, kKind, DataType::f32, conv_packed_bias_size(args.n));
      args.bias = bias_->values<float>().data();
    }
    TENON_REQUIRE(!residual_ || shape_at(shapes.inputs, 1, kKind) == shape_at(shapes.outputs, 0, kKind),
                  "{}: the residual has another shape", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GemmHalfArgs args = static_cast<const HalfMatMulState&>(*call.state).args;
    args.a = call.inputs[0]->data;
    args.residual = residual_ ? call.inputs[1]->data : nullptr;
    args.c = call.outputs[0]->data;
    Form::run(*kernel_, args, call.scratch, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  static bool is_single(const Type* type) {
    const DataType dtype = require_tensor(type, kKind, Layout()).dtype;
    TENON_REQUIRE(dtype == DataType::f32 || dtype == Form::kType, "{}: an operand of {}", kKind, name(dtype));
    return dtype == DataType::f32;
  }

  GemmHalfArgs args_of(const StepShapes& shapes) const {
    const Shape& a = shape_at(shapes.inputs, 0, kKind);
    const MatMulShape shape = matmul_shape(op_, a, b_dims_, shape_at(shapes.outputs, 0, kKind));
    TENON_REQUIRE(shape.batch == 1 && !(op_.transpose_a && a.size() > 1), "{}: not rows of one product",
                  kKind);
    GemmHalfArgs args = args_;
    args.m = shape.m;
    args.n = shape.n;
    args.k = shape.k;
    return args;
  }

  op::MatMul op_;
  const typename Form::Kernel* kernel_;
  Shape b_dims_;
  GemmHalfArgs args_;  // what no shape decides
  bool residual_ = false;
  bool by_entry_ = false;
  Tensor weights_;
  std::optional<Tensor> bias_;
};

template <class Form>
void add_half_matmul(StepRegistry& registry) {
  registry.add(Form::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<HalfMatMulStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_half_matmul(StepRegistry& registry) {
  cpu::add_half_matmul<cpu::Bf16MatMul>(registry);
  cpu::add_half_matmul<cpu::F16MatMul>(registry);
  cpu::add_half_matmul<cpu::Bf16MatMulMatrix>(registry);
  cpu::add_half_matmul<cpu::F16MatMulChained>(registry);
}

}  // namespace tenon
