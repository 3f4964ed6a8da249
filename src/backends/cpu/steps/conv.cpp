// "cpu.conv" (blocked input) and "cpu.conv_planar" (plain input): x [, residual] → y, weights: packed filter [, packed bias].
#include "backends/cpu/kernels/conv/conv.hpp"

#include "backends/cpu/steps/conv_geometry.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "base/check.hpp"
#include "plan/step.hpp"

namespace tenon {
namespace cpu {
namespace {

struct ConvState final : StepState {
  ConvArgs args;
};

class ConvStep final : public Step {
 public:
  ConvStep(const StepInit& init, bool planar)
      : op_(op_from_params<op::Conv>(init.params)), planar_(planar), kernel_(select_conv(isa())),
        kernel_dims_(ints_param(init.params, "@kernel")) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "cpu.conv: its kernels have no epilogue {}", op_.epilogue.to_string());
    act_ = epilogue->act;
    residual_ = epilogue->residual;
    TENON_REQUIRE(init.inputs.size() == (residual_ ? 2U : 1U) && init.outputs.size() == 1 &&
                      (init.weights.size() == 1 || init.weights.size() == 2),
                  "cpu.conv: wrong number of operands");
    for (const Tensor& weight : init.weights) {
      TENON_REQUIRE(weight.dtype() == DataType::f32, "cpu.conv: weights of {}", name(weight.dtype()));
    }
    weights_ = init.weights[0];
    if (init.weights.size() == 2) bias_ = init.weights[1];
    const auto& config = ints_param(init.params, "@config");
    TENON_REQUIRE(config.size() == 5, "cpu.conv: a configuration of {} numbers", config.size());
    config_ = {static_cast<int>(config[0]), static_cast<int>(config[1]), static_cast<int>(config[2]), config[3] != 0,
               config[4] != 0};
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ConvState>();
    ConvArgs& args = state->args;
    args.shape = conv_shape(op_, *shapes.inputs[0], kernel_dims_, *shapes.outputs[0]);
    const std::size_t packed = planar_ ? conv_planar_packed_size(args.shape) : conv_packed_size(args.shape);
    TENON_REQUIRE(static_cast<std::size_t>(weights_.elements()) == packed, "cpu.conv: {} packed weights, expected {}",
                  weights_.elements(), packed);
    TENON_REQUIRE(bias_.elements() == 0 || static_cast<std::size_t>(bias_.elements()) == conv_packed_bias_size(args.shape.out_channels),
                  "cpu.conv: a bias of {} elements", bias_.elements());
    TENON_REQUIRE(!residual_ || *shapes.inputs[1] == *shapes.outputs[0], "cpu.conv: the residual has another shape");
    args.config = valid_config(args.shape);
    args.weights = weights_.values<float>().data();
    args.bias = bias_.elements() == 0 ? nullptr : bias_.values<float>().data();
    args.act = act_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ConvArgs args = static_cast<const ConvState*>(call.state)->args;
    args.src = call.inputs[0]->as<float>();
    args.residual = residual_ ? call.inputs[1]->as<float>() : nullptr;
    args.dst = call.outputs[0]->as<float>();
    if (planar_) {
      conv_planar_run(*kernel_, args, *call.pool);
    } else {
      conv_run(*kernel_, args, *call.pool);
    }
    return {};
  }

 private:
  // The tuned configuration where the kernel of this machine offers it for the shape, else the kernel's first guess.
  ConvConfig valid_config(const ConvShape& shape) const {
    const ConvConfigs offered = planar_ ? conv_planar_configs(*kernel_, shape) : conv_configs(*kernel_, shape);
    for (int i = 0; i < offered.count; ++i) {
      if (offered.configs[i] == config_) return config_;
    }
    return offered.configs[0];
  }

  op::Conv op_;
  bool planar_;
  const ConvKernel* kernel_;
  std::vector<std::int64_t> kernel_dims_;
  ConvConfig config_;
  Activation act_;
  bool residual_ = false;
  Tensor weights_, bias_;
};

void require_conv_types(const StepInit& init, bool planar) {
  for (std::size_t i = 0; i < init.inputs.size() + init.outputs.size(); ++i) {
    const Type* type = i < init.inputs.size() ? init.inputs[i] : init.outputs[i - init.inputs.size()];
    TENON_REQUIRE(type != nullptr && type->is_tensor() && type->as_tensor().dtype == DataType::f32, "cpu.conv works on f32");
    const Layout expected = planar && i == 0 ? Layout() : Layout::channel_blocked(kChannelBlock);
    TENON_REQUIRE(type->as_tensor().layout == expected, "cpu.conv: operand {} is of layout '{}', expected '{}'", i,
                  type->as_tensor().layout.to_string(), expected.to_string());
  }
}

template <bool Planar>
std::unique_ptr<Step> make_conv(const StepInit& init) {
  require_conv_types(init, Planar);
  return std::make_unique<ConvStep>(init, Planar);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_conv(StepRegistry& registry) {
  registry.add("cpu.conv", cpu::make_conv<false>);
  registry.add("cpu.conv_planar", cpu::make_conv<true>);
}

}  // namespace tenon
