// Sums of bytes times factors that are known only while running: "cpu.scaled_matmul_integer" in each form of
// matmul_s8.hpp, and "cpu.scaled_conv…" in each form of quantized_conv_forms.hpp.
//
// x, multiplier [, zero] → y. Weights: packed filter or matrix; packed bias for a zero point of 0; what a
// zero point of 1 adds to it. The window of a convolution, its "@kernel" and "@config" are those of the form;
// "@b" are the dims of a matrix.
#include "backends/cpu/steps/scaled_integer.hpp"

#include "backends/cpu/steps/matmul_s8.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

// Bias and multipliers of one run, in scratch memory in front of the kernel's own.
class RunChannels {
 public:
  explicit RunChannels(const StepInit& init) : base_(init.weights[1]), zero_one_(init.weights[2]) {
    has_zero_ = init.inputs.size() == 3;
  }

  static std::size_t bytes(std::size_t channels) {
    return 2 * static_cast<std::size_t>(round_up(static_cast<std::ptrdiff_t>(channels), 16)) * sizeof(float);
  }

  void check(std::string_view kind, std::size_t channels, const StepShapes& shapes,
             std::ptrdiff_t real) const {
    require_weight(base_, kind, DataType::i32, channels);
    require_weight(zero_one_, kind, DataType::i32, channels);
    const std::ptrdiff_t factors = volume(shape_at(shapes.inputs, 1, kind));
    TENON_REQUIRE(factors == 1 || factors == real, "{}: {} multipliers for {} channels", kind, factors, real);
    TENON_REQUIRE(!has_zero_ || volume(shape_at(shapes.inputs, 2, kind)) == 1, "{}: more than one zero point",
                  kind);
  }

  int zero(const StepCall& call) const noexcept {
    if (!has_zero_) return 0;
    return call.inputs[2]->dtype == DataType::i8 ? *call.inputs[2]->as<std::int8_t>()
                                                 : *call.inputs[2]->as<std::uint8_t>();
  }

  // Fills both; `factors` of the `real` channels are there, one or all.
  std::int32_t* fill(const StepCall& call, std::size_t real, bool one_factor,
                     float** multiplier) const noexcept {
    const auto base = base_.values<std::int32_t>();
    const auto zero_one = zero_one_.values<std::int32_t>();
    auto* bias = reinterpret_cast<std::int32_t*>(call.scratch);
    auto* factors = reinterpret_cast<float*>(call.scratch + bytes(base.size()) / 2);
    const auto z = static_cast<std::uint32_t>(zero(call));
    const float* given = call.inputs[1]->as<float>();
    for (std::size_t i = 0; i < base.size(); ++i) {
      bias[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(base[i]) +
                                          z * static_cast<std::uint32_t>(zero_one[i]));
      factors[i] = i < real ? given[one_factor ? 0 : i] : 0.0F;
    }
    *multiplier = factors;
    return bias;
  }

  static std::byte* rest(const StepCall& call, std::size_t channels) noexcept {
    return call.scratch + bytes(channels);
  }
  std::size_t channels() const noexcept { return static_cast<std::size_t>(base_.elements()); }

 private:
  bool has_zero_;
  Tensor base_, zero_one_;
};

void check_operands(const StepInit& init, std::string_view kind, DataType dtype) {
  TENON_REQUIRE(is_byte(dtype), "{}: an operand of {}", kind, name(dtype));
  require_tensor(init.inputs[1], kind, Layout(), DataType::f32);
  if (init.inputs.size() == 3) require_tensor(init.inputs[2], kind, Layout(), dtype);
}

struct ScaledConvState final : StepState {
  ConvS8Args args;
  bool one_factor = false;
};

template <class Form>
class ScaledConvStep final : public Step {
 public:
  explicit ScaledConvStep(const StepInit& init)
      : op_(op_from_params<op::ScaledConvInteger>(init.params)),
        kernel_(Form::select(isa())),
        kernel_dims_(ints_param(init.params, "@kernel")),
        channels_(counted(init)) {
    const Layout blocks = Layout::channel_blocked(kChannelBlock);
    dtype_ = require_tensor(init.inputs[0], kind(), Form::kPlainInput ? Layout() : blocks).dtype;
    check_operands(init, kind(), dtype_);
    require_tensor(init.outputs[0], kind(), blocks, DataType::f32);
    weights_ = init.weights[0];
    const auto& config = ints_param(init.params, "@config");
    TENON_REQUIRE(config.size() == 3, "{}: a configuration of {} numbers", kind(), config.size());
    // Bands of tiles of matrices may be of any number of pixels: 0.
    TENON_REQUIRE(config[0] >= (kByMatrices<Form> ? 0 : 1) && config[1] >= 1,
                  "{}: tiles of {} pixels and {} blocks of channels", kind(), config[0], config[1]);
    config_ = {narrow_dim(config[0]), narrow_dim(config[1]), config[2] != 0};
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    const ConvS8Args args = args_of(shapes);
    return RunChannels::bytes(conv_s8_packed_bias_size(args.shape)) +
           Form::scratch(*kernel_, args, shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ScaledConvState>();
    ConvS8Args& args = state->args;
    args = args_of(shapes);
    const char* refused = Form::refusal(args.shape);
    TENON_REQUIRE(refused == nullptr, "{}: {}", kind(), refused);
    require_weight(weights_, kind(), DataType::i8, Form::packed_size(args.shape));
    channels_.check(kind(), conv_s8_packed_bias_size(args.shape), shapes, args.shape.out_channels);
    args.weights = weights_.values<std::int8_t>().data();
    args.requantize.bytes = false;
    state->one_factor = volume(shape_at(shapes.inputs, 1, kind())) == 1;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const ScaledConvState&>(*call.state);
    ConvS8Args args = state.args;
    float* multiplier = nullptr;
    args.bias = channels_.fill(call, static_cast<std::size_t>(args.shape.out_channels), state.one_factor,
                               &multiplier);
    args.requantize.multiplier = multiplier;
    args.src_zero = channels_.zero(call);
    args.src = call.inputs[0]->as<std::uint8_t>();
    args.dst = call.outputs[0]->data;
    Form::run(*kernel_, args, RunChannels::rest(call, channels_.channels()), *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kind() { return scaled_conv_kind<Form>(); }

  static const StepInit& counted(const StepInit& init) {
    require_counts(init, kind(), init.inputs.size() == 3 ? 3 : 2, 1, 3);
    return init;
  }

  ConvS8Args args_of(const StepShapes& shapes) const {
    ConvS8Args args;
    args.shape = byte_conv_shape(op_, shape_at(shapes.inputs, 0, kind()), kernel_dims_,
                                 shape_at(shapes.outputs, 0, kind()));
    args.config = config_;
    args.src_signed = dtype_ == DataType::i8;
    args.planar = Form::kPlainInput;
    return args;
  }

  op::ScaledConvInteger op_;
  const typename Form::Kernel* kernel_;
  std::vector<std::int64_t> kernel_dims_;
  RunChannels channels_;
  DataType dtype_ = DataType::u8;
  ConvS8Config config_;
  Tensor weights_;
};

struct ScaledMatMulState final : StepState {
  GemmS8Args args;
  bool one_factor = false;
};

template <class Form>
class ScaledMatMulStep final : public Step {
 public:
  explicit ScaledMatMulStep(const StepInit& init)
      : b_dims_(ints_param(init.params, "@b")), channels_(counted(init)) {
    dtype_ = require_tensor(init.inputs[0], kKind, Layout()).dtype;
    check_operands(init, kKind, dtype_);
    require_tensor(init.outputs[0], kKind, Layout(), DataType::f32);
    weights_ = init.weights[0];
    volume(b_dims_);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    const GemmS8Args args = args_of(shapes);
    return RunChannels::bytes(gemm_s8_packed_bias_size(args.n)) + Form::scratch(args, shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<ScaledMatMulState>();
    GemmS8Args& args = state->args;
    args = args_of(shapes);
    require_weight(weights_, kKind, DataType::i8, Form::packed_size(args.k, args.n));
    channels_.check(kKind, gemm_s8_packed_bias_size(args.n), shapes, args.n);
    args.b = weights_.values<std::int8_t>().data();
    args.requantize.bytes = false;
    state->one_factor = volume(shape_at(shapes.inputs, 1, kKind)) == 1;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const ScaledMatMulState&>(*call.state);
    GemmS8Args args = state.args;
    float* multiplier = nullptr;
    args.bias = channels_.fill(call, static_cast<std::size_t>(args.n), state.one_factor, &multiplier);
    args.requantize.multiplier = multiplier;
    args.a = call.inputs[0]->as<std::uint8_t>();
    args.c = call.outputs[0]->data;
    Form::run(*kernel_, args, RunChannels::rest(call, channels_.channels()), *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = Form::kScaled;

  static const StepInit& counted(const StepInit& init) {
    require_counts(init, kKind, init.inputs.size() == 3 ? 3 : 2, 1, 3);
    return init;
  }

  GemmS8Args args_of(const StepShapes& shapes) const {
    return gemm_s8_args(false, dtype_, shape_at(shapes.inputs, 0, kKind), b_dims_,
                        shape_at(shapes.outputs, 0, kKind), kKind);
  }

  const typename Form::Kernel* kernel_ = Form::select(isa());
  Shape b_dims_;
  RunChannels channels_;
  DataType dtype_ = DataType::u8;
  Tensor weights_;
};

template <class Form>
void add_scaled(StepRegistry& registry) {
  registry.add(scaled_conv_kind<Form>(), [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<ScaledConvStep<Form>>(init);
  });
}

template <class Form>
void add_scaled_matmul(StepRegistry& registry) {
  registry.add(Form::kScaled, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<ScaledMatMulStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_scaled_integer(StepRegistry& registry) {
  cpu::add_scaled<cpu::QuantizedConvBlocked>(registry);
  cpu::add_scaled<cpu::QuantizedConvPlanar>(registry);
  cpu::add_scaled<cpu::QuantizedConvDepthwise>(registry);
  cpu::add_scaled<cpu::QuantizedConvMatrix>(registry);
  cpu::add_scaled<cpu::QuantizedConvMatrixPlanar>(registry);
  cpu::add_scaled_matmul<cpu::ByteProductByVectors>(registry);
  cpu::add_scaled_matmul<cpu::ByteProductByMatrices>(registry);
}

}  // namespace tenon
