// The convolutions of quantized_conv_forms.hpp: x [, residual] → y, weights: filter (packed, unless the form
// packs it when a plan is loaded), bias, multipliers.
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace cpu {
namespace {

struct QuantizedConvState final : StepState {
  ConvS8Args args;
};

template <class Form>
class QuantizedConvStep final : public Step {
 public:
  explicit QuantizedConvStep(const StepInit& init)
      : op_(op_from_params<typename Form::Op>(init.params)),
        kernel_(Form::select(isa())),
        kernel_dims_(ints_param(init.params, "@kernel")) {
    residual_ = init.inputs.size() == 2;
    require_counts(init, kKind, residual_ ? 2 : 1, 1, 3);
    const Layout blocks = Layout::channel_blocked(kChannelBlock);
    dtype_ = require_tensor(init.inputs[0], kKind, Form::kPlainInput ? Layout() : blocks).dtype;
    byte_zero(op_.x_zero, dtype_, kKind);
    require_tensor(init.outputs[0], kKind, blocks, op_.output_dtype);
    requantize_ =
        residual_ ? requantize_with_residual(op_, require_tensor(init.inputs[1], kKind, blocks).dtype, kKind)
                  : requantize_of(op_, kKind);
    weights_ = init.weights[0];
    if constexpr (kPacksWhenLoaded) weights_ = packed(weights_);
    bias_ = init.weights[1];
    multiplier_ = init.weights[2];
    const auto& config = ints_param(init.params, "@config");
    TENON_REQUIRE(config.size() == 3, "{}: a configuration of {} numbers", kKind, config.size());
    config_ = {narrow_dim(config[0]), narrow_dim(config[1]), config[2] != 0};
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return Form::scratch(*kernel_, args_of(shapes), shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<QuantizedConvState>();
    ConvS8Args& args = state->args;
    args = args_of(shapes);
    const char* refused = Form::refusal(args.shape);
    TENON_REQUIRE(refused == nullptr, "{}: {}", kKind, refused);
    require_weight(weights_, kKind, DataTypeOf<Weight>::value, Form::packed_size(args.shape));
    const std::size_t channels = conv_s8_packed_bias_size(args.shape);
    require_weight(bias_, kKind, DataType::i32, Form::packed_bias_size(args.shape));
    require_weight(multiplier_, kKind, DataType::f32, channels);
    if constexpr (!kPacksWhenLoaded) args.weights = weights_.values<Weight>().data();
    args.bias = bias_.values<std::int32_t>().data();
    args.requantize = requantize_;
    args.requantize.multiplier = multiplier_.values<float>().data();
    args.requantize.find_range(channels, reach_of_sums(args.shape));
    TENON_REQUIRE(!residual_ || shape_at(shapes.inputs, 1, kKind) == shape_at(shapes.outputs, 0, kKind),
                  "{}: the residual has another shape", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    ConvS8Args args = static_cast<const QuantizedConvState&>(*call.state).args;
    args.src = call.inputs[0]->as<std::uint8_t>();
    args.requantize.residual = residual_ ? call.inputs[1]->data : nullptr;
    args.dst = call.outputs[0]->data;
    if constexpr (kPacksWhenLoaded) {
      Form::run(*kernel_, args, weights_.values<Weight>().data(), call.scratch, *call.pool);
    } else {
      Form::run(*kernel_, args, call.scratch, *call.pool);
    }
    return {};
  }

 private:
  using Weight = typename Form::Weight;
  static constexpr std::string_view kKind = Form::kKind;
  static constexpr bool kPacksWhenLoaded = requires { Form::kPacksWhenLoaded; };

  Tensor packed(const Tensor& filter) const {
    const Shape& dims = filter.shape();
    TENON_REQUIRE(filter.dtype() == DataType::i8 && dims.size() == kernel_dims_.size() + 2 &&
                      std::equal(kernel_dims_.begin(), kernel_dims_.end(), dims.begin() + 2),
                  "{}: the filter is no tensor of i8 of its channels and kernel", kKind);
    ConvShape shape;
    shape.out_channels = narrow_dim(dims[0]);
    shape.in_channels = narrow_dim(dims[1]);
    shape.kernel_h = shape.kernel_w = 3;
    TENON_REQUIRE(filter.elements() == std::int64_t{9} * shape.out_channels * shape.in_channels,
                  "{}: the filter is not 3x3", kKind);
    Tensor result(DataTypeOf<Weight>::value, {static_cast<std::int64_t>(Form::packed_size(shape))});
    Form::pack(shape, filter.values<std::int8_t>().data(), result.mutable_values<Weight>().data());
    return result;
  }

  // What no sum exceeds, padding lanes included. (Beyond 32 bits, where it wraps, nothing is known.)
  double reach_of_sums(const ConvShape& shape) const {
    double most = 0;
    for (const std::int32_t bias : bias_.values<std::int32_t>())
      most = std::max(most, std::fabs(static_cast<double>(bias)));
    return most + 255.0 * 128 * shape.group_in() * shape.kernel_h * shape.kernel_w;
  }

  ConvS8Args args_of(const StepShapes& shapes) const {
    ConvS8Args args;
    args.shape = byte_conv_shape(op_, shape_at(shapes.inputs, 0, kKind), kernel_dims_,
                                 shape_at(shapes.outputs, 0, kKind));
    args.config = config_;
    args.src_signed = dtype_ == DataType::i8;
    args.planar = Form::kPlainInput;
    args.src_zero = static_cast<int>(op_.x_zero);
    return args;
  }

  typename Form::Op op_;
  const typename Form::Kernel* kernel_;
  std::vector<std::int64_t> kernel_dims_;
  bool residual_;
  DataType dtype_;
  Requantize requantize_;
  ConvS8Config config_;
  Tensor weights_, bias_, multiplier_;
};

template <class Form>
void add_quantized(StepRegistry& registry) {
  registry.add(Form::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<QuantizedConvStep<Form>>(init);
  });
}

}  // namespace
}  // namespace cpu

void register_cpu_step_quantized_conv(StepRegistry& registry) {
  cpu::add_quantized<cpu::QuantizedConvBlocked>(registry);
  cpu::add_quantized<cpu::QuantizedConvPlanar>(registry);
  cpu::add_quantized<cpu::QuantizedConvDepthwise>(registry);
  cpu::add_quantized<cpu::QuantizedConvTransposed>(registry);
  cpu::add_quantized<cpu::QuantizedConvTransposedMatrix>(registry);
  cpu::add_quantized<cpu::QuantizedConvWinograd>(registry);
  cpu::add_quantized<cpu::QuantizedConvMatrix>(registry);
  cpu::add_quantized<cpu::QuantizedConvMatrixPlanar>(registry);
}

}  // namespace tenon
