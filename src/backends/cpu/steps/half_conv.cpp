// The convolutions of half_conv_forms.hpp: x [, residual] → y, weights: packed filter [, bias]. The residual
// and the result are each of the form's type or f32.
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/half_conv_forms.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/windows.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

struct HalfConvState final : StepState {
  ConvHalfArgs args;
};

template <class Form>
class HalfConvStep final : public Step {
 public:
  explicit HalfConvStep(const StepInit& init)
      : op_(op_from_params<typename Form::Op>(init.params)),
        kernel_(Form::select(isa())),
        kernel_dims_(ints_param(init.params, "@kernel")) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "{}: its kernels have no epilogue {}", kKind,
                  op_.epilogue.to_string());
    args_.act = epilogue->act;
    residual_ = epilogue->residual;
    const bool has_bias = init.weights.size() == 2;
    require_counts(init, kKind, residual_ ? 2 : 1, 1, has_bias ? 2 : 1);
    if constexpr (Form::kPlainInput) {
      require_tensor(init.inputs[0], kKind, Layout(), DataType::f32);
    } else {
      require_tensor(init.inputs[0], kKind, blocks(), Form::kType);
    }
    if (residual_) args_.residual_single = is_single(init.inputs[1]);
    args_.dst_single = is_single(init.outputs[0]);
    args_.planar = Form::kPlainInput;
    filter_ = init.weights[0];
    if (has_bias) bias_ = init.weights[1];
    const auto& config = ints_param(init.params, "@config");
    TENON_REQUIRE(config.size() == 3, "{}: a configuration of {} numbers", kKind, config.size());
    args_.config = {narrow_dim(config[0]), narrow_dim(config[1]), config[2] != 0};
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return Form::scratch(*kernel_, args_of(shapes), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<HalfConvState>();
    ConvHalfArgs& args = state->args;
    args = args_of(shapes);
    const char* refused = Form::refusal(args.shape);
    TENON_REQUIRE(refused == nullptr, "{}: {}", kKind, refused);
    require_weight(filter_, kKind, Form::kType, Form::packed_size(args.shape));
    if (bias_) {
      require_weight(*bias_, kKind, DataType::f32, conv_packed_bias_size(args.shape.out_channels));
      args.bias = bias_->values<float>().data();
    }
    TENON_REQUIRE(!residual_ || shape_at(shapes.inputs, 1, kKind) == shape_at(shapes.outputs, 0, kKind),
                  "{}: the residual has another shape", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ConvHalfArgs args = static_cast<const HalfConvState&>(*call.state).args;
    args.src = call.inputs[0]->data;
    args.residual = residual_ ? call.inputs[1]->data : nullptr;
    args.dst = call.outputs[0]->data;
    args.weights = reinterpret_cast<const std::uint16_t*>(filter_.data());
    args.ahead = call.ahead;
    Form::run(*kernel_, args, call.scratch, *call.pool);
    return {};
  }

  std::int64_t lines_ahead(const StepState* state) const override {
    if constexpr (requires { &Form::lines_ahead; }) {
      return Form::lines_ahead(*kernel_, static_cast<const HalfConvState&>(*state).args);
    } else {
      return 0;
    }
  }

  std::optional<RowWindow> row_window() const override {
    if constexpr (std::is_same_v<typename Form::Op, op::Conv>)
      return rows_of_windows(op::window_fields(op_), kernel_dims_);
    return std::nullopt;
  }

  bool works_by_entry() const override { return true; }

 private:
  static constexpr std::string_view kKind = Form::kKind;

  static Layout blocks() { return Layout::channel_blocked(kChannelBlock); }

  // Whether an operand in blocks is of f32 instead of the form's type.
  static bool is_single(const Type* type) {
    const DataType dtype = require_tensor(type, kKind, blocks()).dtype;
    TENON_REQUIRE(dtype == Form::kType || dtype == DataType::f32, "{}: an operand of {}", kKind, name(dtype));
    return dtype == DataType::f32;
  }

  ConvHalfArgs args_of(const StepShapes& shapes) const {
    ConvHalfArgs args = args_;
    args.shape =
        conv_shape(op_, shape_at(shapes.inputs, 0, kKind), kernel_dims_, shape_at(shapes.outputs, 0, kKind));
    return args;
  }

  typename Form::Op op_;
  const typename Form::Kernel* kernel_;
  std::vector<std::int64_t> kernel_dims_;
  ConvHalfArgs args_;  // what no shape decides
  bool residual_ = false;
  Tensor filter_;
  std::optional<Tensor> bias_;
};

template <class Form>
void add_half_conv(StepRegistry& registry) {
  registry.add(Form::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<HalfConvStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_half_conv(StepRegistry& registry) {
  cpu::add_half_conv<cpu::Bf16Conv>(registry);
  cpu::add_half_conv<cpu::Bf16ConvPlanar>(registry);
  cpu::add_half_conv<cpu::Bf16ConvTransposed>(registry);
  cpu::add_half_conv<cpu::Bf16ConvTransposedMatrix>(registry);
  cpu::add_half_conv<cpu::F16Conv>(registry);
  cpu::add_half_conv<cpu::F16ConvPlanar>(registry);
  cpu::add_half_conv<cpu::Bf16ConvMatrix>(registry);
  cpu::add_half_conv<cpu::Bf16ConvMatrixPlanar>(registry);
  cpu::add_half_conv<cpu::F16ConvTransposed>(registry);
  cpu::add_half_conv<cpu::F16ConvChained>(registry);
  cpu::add_half_conv<cpu::F16ConvChainedPlanar>(registry);
  cpu::add_half_conv<cpu::F16ConvTransposedChained>(registry);
}

}  // namespace tenon
