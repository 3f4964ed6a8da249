// The convolutions of quantized_conv_forms.hpp: x [, residual] → y, weights: those of byte_weights.hpp.
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/steps/windows.hpp"
#include "base/check.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

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
    require_counts(init, kKind, residual_ ? 2 : 1, 1, init.weights.size());
    const Layout blocks = Layout::channel_blocked(kChannelBlock);
    dtype_ = require_tensor(init.inputs[0], kKind, Form::kPlainInput ? Layout() : blocks).dtype;
    byte_zero(op_.x_zero, dtype_, kKind);
    require_tensor(init.outputs[0], kKind, blocks, op_.output_dtype);
    requantize_ =
        residual_ ? requantize_with_residual(op_, require_tensor(init.inputs[1], kKind, blocks).dtype, kKind)
                  : requantize_of(op_, kKind);
    weights_ = ByteWeights::from(init.weights, kKind);
    if (!weights_.packed()) weights_ = packed(weights_);
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
    require_weight(weights_.filter, kKind, DataTypeOf<Weight>::value, Form::packed_size(args.shape));
    const std::size_t channels = conv_s8_packed_bias_size(args.shape);
    require_weight(weights_.bias, kKind, DataType::i32, Form::packed_bias_size(args.shape));
    require_weight(weights_.multiplier, kKind, DataType::f32, channels);
    if constexpr (kBytes) args.weights = weights_.filter.values<Weight>().data();
    args.bias = weights_.bias.values<std::int32_t>().data();
    args.requantize = requantize_;
    args.requantize.multiplier = weights_.multiplier.values<float>().data();
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
    if constexpr (kBytes) {
      Form::run(*kernel_, args, call.scratch, *call.pool);
    } else {
      Form::run(*kernel_, args, weights_.filter.values<Weight>().data(), call.scratch, *call.pool);
    }
    return {};
  }

  std::optional<RowWindow> row_window() const override {
    // Filters of Winograd's algorithm are packed at loading into eight times their bytes: once is enough.
    if constexpr (std::is_same_v<typename Form::Op, op::QuantizedConv> &&
                  !std::is_same_v<Form, QuantizedConvWinograd>)
      return rows_of_windows(op::window_fields(op_), kernel_dims_);
    return std::nullopt;
  }

  bool works_by_entry() const override { return true; }

 private:
  using Weight = typename Form::Weight;
  static constexpr std::string_view kKind = Form::kKind;
  static constexpr bool kBytes = std::is_same_v<Weight, std::int8_t>;

  ByteWeights packed(const ByteWeights& weights) const {
    if constexpr (kPacksByFilter<Form>) {
      const ConvShape shape = filter_shape(op_, weights.filter.shape());
      const char* refused = Form::refusal(shape);
      TENON_REQUIRE(refused == nullptr, "{}: {}", kKind, refused);
      require_channels(weights, shape.out_channels, kKind);
      return pack_filter<Form>(shape, weights, {dtype_, static_cast<int>(op_.x_zero)});
    } else {
      throw ModelError(fmt::format("{}: a filter that is not packed", kKind));
    }
  }

  // What no sum exceeds, padding lanes included. (Beyond 32 bits, where it wraps, nothing is known.)
  double reach_of_sums(const ConvShape& shape) const {
    double most = 0;
    for (const std::int32_t bias : weights_.bias.values<std::int32_t>())
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
  ByteWeights weights_;  // packed
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
