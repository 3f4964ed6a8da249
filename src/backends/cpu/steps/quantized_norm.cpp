// "cpu.quantized_norm": x → y [, its scale, its zero point] [, the floats], with the operator's fields.
// Weights: scale and bias, where "@scale" and "@bias" say so. Where the range is that of the result, rows are
// rounded when all have been normalized, of floats in the scratch memory if nobody else reads them.
#include "ops/quantized_norm.hpp"

#include "backends/cpu/kernels/norm/norm.hpp"
#include "backends/cpu/steps/dynamic_quantize.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"

#include <cmath>

namespace tenon {
namespace cpu {
namespace {

struct QuantizedNormState final : StepState {
  RowNormArgs args;
};

class QuantizedNormStep final : public Step {
 public:
  static constexpr std::string_view kKind = "cpu.quantized_norm";

  explicit QuantizedNormStep(const StepInit& init)
      : op_(op_from_params<op::QuantizedNorm>(init.params)),
        scale_(int_param(init.params, "@scale") != 0),
        bias_(int_param(init.params, "@bias") != 0),
        weights_(init.weights.begin(), init.weights.end()) {
    const std::size_t rounded = op_.dynamic ? 3 : 1;
    require_counts(init, kKind, 1, rounded + (op_.floats ? 1 : 0), (scale_ ? 1U : 0U) + (bias_ ? 1U : 0U));
    require_tensor(init.inputs[0], kKind, Layout(), DataType::f32);
    require_tensor(init.outputs[0], kKind, Layout(), op_.dynamic ? DataType::u8 : op_.output_dtype);
    if (op_.dynamic) {
      require_tensor(init.outputs[1], kKind, Layout(), DataType::f32);
      require_tensor(init.outputs[2], kKind, Layout(), DataType::u8);
    } else {
      zero_ = byte_zero(op_.y_zero, op_.output_dtype, kKind);
      TENON_REQUIRE(op_.y_scale > 0 && std::isfinite(op_.y_scale), "{}: a scale of {}", kKind, op_.y_scale);
    }
    if (op_.floats) require_tensor(init.outputs[rounded], kKind, Layout(), DataType::f32);
    if (const auto& dims = init.inputs[0]->as_tensor().dims)
      by_entry_ = !op_.dynamic && axis_at(op_.axis, dims->size(), kKind) > 0;
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if (!op_.dynamic) return 0;
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const std::ptrdiff_t rows = volume(std::span(x).first(axis_at(op_.axis, x.size(), kKind)));
    const std::ptrdiff_t floats = op_.floats ? 0 : volume(x) * static_cast<std::ptrdiff_t>(sizeof(float));
    return static_cast<std::size_t>(range_bytes(rows) + floats);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const std::size_t rounded = op_.dynamic ? 3 : 1;
    bool fits = x == shape_at(shapes.outputs, 0, kKind);
    for (std::size_t i = 1; i < rounded; ++i) fits = fits && volume(shape_at(shapes.outputs, i, kKind)) == 1;
    if (op_.floats) fits = fits && x == shape_at(shapes.outputs, rounded, kKind);
    TENON_REQUIRE(fits, "{}: operand and results do not fit", kKind);
    const std::size_t axis = axis_at(op_.axis, x.size(), kKind);
    auto state = std::make_unique<QuantizedNormState>();
    RowNormArgs& args = state->args;
    args.rows = volume(std::span(x).first(axis));
    args.size = volume(std::span(x).subspan(axis));
    volume(x);
    for (const Tensor& weight : weights_)
      require_weight(weight, kKind, DataType::f32, static_cast<std::size_t>(args.size));
    if (scale_) args.scale = weights_.front().values<float>().data();
    if (bias_) args.bias = weights_.back().values<float>().data();
    args.epsilon = op_.epsilon;
    args.center = op_.center;
    args.bytes_scale = op_.y_scale;
    args.bytes_zero = static_cast<float>(zero_);
    args.bytes_signed = op_.output_dtype == DataType::i8;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    RowNormArgs args = static_cast<const QuantizedNormState&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.dst = op_.floats ? call.outputs[op_.dynamic ? 3 : 1]->as<float>() : nullptr;
    if (!op_.dynamic) {
      args.bytes = call.outputs[0]->as<std::uint8_t>();
      if (args.size != 0) row_norm_run(*kernel_, args, *call.pool);
      return {};
    }
    const std::ptrdiff_t rows = args.size == 0 ? 0 : args.rows;
    args.ranges = reinterpret_cast<Extremes*>(call.scratch);
    if (!op_.floats) args.dst = reinterpret_cast<float*>(call.scratch + range_bytes(args.rows));
    if (rows != 0) row_norm_run(*kernel_, args, *call.pool);
    dynamic_quantize_run(*quantize_, args.dst, rows * args.size,
                         joined({args.ranges, static_cast<std::size_t>(rows)}),
                         {call.outputs[0]->as<std::uint8_t>(), call.outputs[1]->as<float>(),
                          call.outputs[2]->as<std::uint8_t>()},
                         *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  static std::ptrdiff_t range_bytes(std::ptrdiff_t rows) {
    return round_up(rows * static_cast<std::ptrdiff_t>(sizeof(Extremes)), 64);
  }

  op::QuantizedNorm op_;
  const NormKernel* kernel_ = select_norm(isa());
  const QuantizeKernel* quantize_ = select_quantize(isa());
  bool scale_, bias_;
  bool by_entry_ = false;
  std::int32_t zero_ = 0;
  std::vector<Tensor> weights_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_quantized_norm(StepRegistry& registry) {
  registry.add(cpu::QuantizedNormStep::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::QuantizedNormStep>(init);
  });
}

}  // namespace tenon
