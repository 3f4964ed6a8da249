// The convolutions of conv_forms.hpp: x [, filter] [, bias] [, residual] → y, weights: packed filter [,
// bias]. A filter or bias that is computed is an input instead of a weight, as "@computed" says; such a
// filter is packed in scratch at each run.
#include "backends/cpu/steps/conv_forms.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/windows.hpp"
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
    if constexpr (kTakesComputedWeights<Form>) {
      const auto& computed = ints_param(init.params, "@computed");
      TENON_REQUIRE(computed.size() == 2, "{}: {} numbers for filter and bias", kKind, computed.size());
      filter_at_ = computed[0] != 0 ? 1 : 0;
      bias_at_ = computed[1] != 0 ? 1 + filter_at_ : 0;
    }
    const std::size_t inputs = 1U + (filter_at_ != 0) + (bias_at_ != 0);
    const std::size_t least = filter_at_ != 0 ? 0 : 1;
    const bool has_bias = bias_at_ == 0 && init.weights.size() == least + 1;
    require_counts(init, kKind, residual_ ? inputs + 1 : inputs, 1, has_bias ? least + 1 : least);
    if constexpr (kTakesStoredTensors<Form>) type_ = require_floats(init, kKind).dtype;
    for (std::size_t i = 0; i < inputs; ++i) {
      require_tensor(init.inputs[i], kKind, layout(Form::kPlainInput), type_);
    }
    if (residual_) require_tensor(init.inputs[inputs], kKind, layout(Form::kPlainOutput), type_);
    residual_at_ = residual_ ? inputs : 0;
    require_tensor(init.outputs[0], kKind, layout(Form::kPlainOutput), type_);
    if (filter_at_ == 0) weights_ = init.weights[0];
    if (has_bias) bias_ = init.weights[least];
    if constexpr (Form::kTuned) {
      const auto& config = ints_param(init.params, "@config");
      TENON_REQUIRE(config.size() == 5, "{}: a configuration of {} numbers", kKind, config.size());
      config_ = {narrow_dim(config[0]), narrow_dim(config[1]), narrow_dim(config[2]), config[3] != 0,
                 config[4] != 0};
    }
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if constexpr (kNeedsScratch<Form>) {
      const ConvShape shape = shape_of(shapes);
      return (Form::scratch(shape, shapes.threads) + packed_in_scratch(shape)) * sizeof(float);
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
    if (filter_at_ != 0) {
      const ConvShape& s = args.shape;
      const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_d) * s.kernel_h * s.kernel_w;
      require_elements(shapes, filter_at_, s.out_channels * s.group_in() * taps);
    } else {
      require_weight(weights_, kKind, DataType::f32, Form::packed_size(args.shape));
      args.weights = weights_.values<float>().data();
    }
    if (bias_at_ != 0) require_elements(shapes, bias_at_, args.shape.out_channels);
    if (bias_) {
      require_weight(*bias_, kKind, DataType::f32, conv_bias_size<Form>(args.shape));
      args.bias = bias_->values<float>().data();
    }
    TENON_REQUIRE(
        !residual_ || shape_at(shapes.inputs, residual_at_, kKind) == shape_at(shapes.outputs, 0, kKind),
        "{}: the residual has another shape", kKind);
    if constexpr (Form::kTuned) args.config = valid_config(args.shape);
    args.act = act_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ConvArgs args = static_cast<const ConvState&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.residual = residual_ ? call.inputs[residual_at_]->as<float>() : nullptr;
    args.dst = call.outputs[0]->as<float>();
    args.ahead = call.ahead;
    auto* scratch = reinterpret_cast<float*>(call.scratch);
    if constexpr (kTakesComputedWeights<Form>) {
      if (bias_at_ != 0) args.bias = call.inputs[bias_at_]->as<float>();
      if (filter_at_ != 0) {
        Form::pack(args.shape, call.inputs[filter_at_]->as<float>(), scratch);
        args.weights = scratch;
        scratch += packed_in_scratch(args.shape);
      }
    }
    if constexpr (kTakesStoredTensors<Form>) {
      Form::run(*kernel_, args, type_, *call.pool);
    } else {
      Form::run(*kernel_, args, scratch, *call.pool);
    }
    return {};
  }

  std::int64_t lines_ahead(const StepState* state) const override {
    if constexpr (requires { &Form::lines_ahead; }) {
      return Form::lines_ahead(*kernel_, static_cast<const ConvState&>(*state).args);
    } else {
      return 0;
    }
  }

  std::optional<RowWindow> row_window() const override {
    if constexpr (std::is_same_v<typename Form::Op, op::Conv>) {
      if (filter_at_ == 0 && bias_at_ == 0) return rows_of_windows(op::window_fields(op_), kernel_dims_);
    }
    return std::nullopt;
  }

  bool works_by_entry() const override { return filter_at_ == 0 && bias_at_ == 0; }

 private:
  static constexpr std::string_view kKind = Form::kKind;

  static Layout layout(bool plain) { return plain ? Layout() : Layout::channel_blocked(kChannelBlock); }

  ConvShape shape_of(const StepShapes& shapes) const {
    return conv_shape(op_, shape_at(shapes.inputs, 0, kKind), kernel_dims_,
                      shape_at(shapes.outputs, 0, kKind), most_axes<Form>());
  }

  // Floats, a whole number of cache lines.
  std::size_t packed_in_scratch(const ConvShape& shape) const {
    if (filter_at_ == 0) return 0;
    return static_cast<std::size_t>(round_up(static_cast<std::ptrdiff_t>(Form::packed_size(shape)), 16));
  }

  static void require_elements(const StepShapes& shapes, std::size_t input, std::ptrdiff_t elements) {
    const std::ptrdiff_t found = volume(shape_at(shapes.inputs, input, kKind));
    TENON_REQUIRE(found == elements, "{}: input {} has {} elements, expected {}", kKind, input, found,
                  elements);
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
  DataType type_ = DataType::f32;  // in which operands and result are stored
  bool residual_ = false;
  std::size_t filter_at_ = 0, bias_at_ = 0, residual_at_ = 0;  // among the inputs; 0 where it is none
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
  cpu::add<cpu::ConvBanded>(registry);
  cpu::add<cpu::ConvPlanar>(registry);
  cpu::add<cpu::ConvDepthwise>(registry);
  cpu::add<cpu::ConvPlain>(registry);
  cpu::add<cpu::ConvTransposed>(registry);
  cpu::add<cpu::ConvWinograd<2>>(registry);
  cpu::add<cpu::ConvWinograd<4>>(registry);
  cpu::add<cpu::ConvWinograd<6>>(registry);
}

}  // namespace tenon
