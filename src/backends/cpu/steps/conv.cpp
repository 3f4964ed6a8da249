// The convolutions of conv_forms.hpp: x [, residual] → y, weights: packed filter [, bias].
#include "backends/cpu/steps/conv_forms.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

struct ConvState final : StepState {
  ConvArgs args;
};

template <class Form>
class ConvStep final : public Step {
 public:
  explicit ConvStep(const StepInit& init)
      : op_(op_from_params<typename Form::Op>(init.params)),
        kernel_(Form::select(isa())),
        kernel_dims_(ints_param(init.params, "@kernel")) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "{}: its kernels have no epilogue {}", kKind,
                  op_.epilogue.to_string());
    act_ = epilogue->act;
    residual_ = epilogue->residual;
    require_counts(init, kKind, residual_ ? 2 : 1, 1, init.weights.size() == 2 ? 2 : 1);
    require_tensor(init.inputs[0], kKind, layout(Form::kPlainInput), DataType::f32);
    if (residual_) require_tensor(init.inputs[1], kKind, layout(Form::kPlainOutput), DataType::f32);
    require_tensor(init.outputs[0], kKind, layout(Form::kPlainOutput), DataType::f32);
    weights_ = init.weights[0];
    if (init.weights.size() == 2) bias_ = init.weights[1];
    if constexpr (Form::kTuned) {
      const auto& config = ints_param(init.params, "@config");
      TENON_REQUIRE(config.size() == 5, "{}: a configuration of {} numbers", kKind, config.size());
      config_ = {narrow_dim(config[0]), narrow_dim(config[1]), narrow_dim(config[2]), config[3] != 0,
                 config[4] != 0};
    }
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if constexpr (kNeedsScratch<Form>) {
      return Form::scratch(shape_of(shapes), shapes.threads) * sizeof(float);
    } else {
      return 0;
    }
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ConvState>();
    ConvArgs& args = state->args;
    args.shape = shape_of(shapes);
    const char* refused = Form::refusal(args.shape);
    TENON_REQUIRE(refused == nullptr, "{}: {}", kKind, refused);
    require_weight(weights_, kKind, DataType::f32, Form::packed_size(args.shape));
    args.weights = weights_.values<float>().data();
    if (bias_) {
      require_weight(*bias_, kKind, DataType::f32, conv_bias_size<Form>(args.shape));
      args.bias = bias_->values<float>().data();
    }
    TENON_REQUIRE(!residual_ || shape_at(shapes.inputs, 1, kKind) == shape_at(shapes.outputs, 0, kKind),
                  "{}: the residual has another shape", kKind);
    if constexpr (Form::kTuned) args.config = valid_config(args.shape);
    args.act = act_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ConvArgs args = static_cast<const ConvState&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.residual = residual_ ? call.inputs[1]->as<float>() : nullptr;
    args.dst = call.outputs[0]->as<float>();
    Form::run(*kernel_, args, reinterpret_cast<float*>(call.scratch), *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = Form::kKind;

  static Layout layout(bool plain) { return plain ? Layout() : Layout::channel_blocked(kChannelBlock); }

  ConvShape shape_of(const StepShapes& shapes) const {
    return conv_shape(op_, shape_at(shapes.inputs, 0, kKind), kernel_dims_,
                      shape_at(shapes.outputs, 0, kKind));
  }

  // The tuned configuration where the kernel of this machine offers it for the shape, else the kernel's first
  // guess.
  ConvConfig valid_config(const ConvShape& shape) const {
    const ConvConfigs offered = Form::configs(*kernel_, shape);
    for (int i = 0; i < offered.count; ++i) {
      if (offered.configs[i] == config_) return config_;
    }
    return offered.configs[0];
  }

  typename Form::Op op_;
  const typename Form::Kernel* kernel_;
  std::vector<std::int64_t> kernel_dims_;
  ConvConfig config_;
  Activation act_;
  bool residual_ = false;
  Tensor weights_;
  std::optional<Tensor> bias_;
};

template <class Form>
void add(StepRegistry& registry) {
  registry.add(Form::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<ConvStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_conv(StepRegistry& registry) {
  cpu::add<cpu::ConvBlocked>(registry);
  cpu::add<cpu::ConvPlanar>(registry);
  cpu::add<cpu::ConvDepthwise>(registry);
  cpu::add<cpu::ConvPlain>(registry);
  cpu::add<cpu::ConvTransposed>(registry);
  cpu::add<cpu::ConvWinograd<2>>(registry);
  cpu::add<cpu::ConvWinograd<4>>(registry);
  cpu::add<cpu::ConvWinograd<6>>(registry);
}

}  // namespace tenon
