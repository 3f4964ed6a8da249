// "cpu.weight_only": the step "@kind" of a convolution or product, whose weights the plan keeps as integers.
// They become floats, packed as that step wants them, once when the engine is loaded.
//
// Weights: w, scale [, zero], then those of the other step behind its first. Parameters: those of the other
// step and "@kind"; "@stored": axis and block size of the scales, and 1 where there are zero points; "@x",
// "@y": shapes of operand and result for which the weights are packed.
#include "backends/cpu/kernels/quantize/dequantize.hpp"
#include "backends/cpu/steps/conv_forms.hpp"
#include "backends/cpu/steps/cpu_steps.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

#include <algorithm>

namespace tenon {

void register_cpu_step_conv(StepRegistry& registry);
void register_cpu_step_matmul(StepRegistry& registry);

namespace cpu {
namespace {

constexpr std::string_view kWeightOnly = "cpu.weight_only";

struct WeightShapes {
  const Shape& w;
  const Shape& x;
  const Shape& y;
};

template <class Form>
Tensor pack_filter(const AttributeList& params, const WeightShapes& shapes, const float* values) {
  const ConvShape shape = conv_shape(op_from_params<typename Form::Op>(params), shapes.x,
                                     std::span(shapes.w).subspan(2), shapes.y, most_axes<Form>());
  const char* refused = Form::refusal(shape);
  TENON_REQUIRE(refused == nullptr, "{}: {}", kWeightOnly, refused);
  const bool transposed = std::is_same_v<typename Form::Op, op::ConvTranspose>;
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(shape.kernel_d) * shape.kernel_h * shape.kernel_w;
  const std::ptrdiff_t channels = transposed
                                      ? static_cast<std::ptrdiff_t>(shape.in_channels) * shape.group_out()
                                      : static_cast<std::ptrdiff_t>(shape.out_channels) * shape.group_in();
  TENON_REQUIRE(volume(shapes.w) == channels * taps, "{}: the filter does not fit", kWeightOnly);
  Tensor packed(DataType::f32, {static_cast<std::int64_t>(Form::packed_size(shape))});
  Form::pack(shape, values, packed.mutable_values<float>().data());
  return packed;
}

Tensor pack_matrix(const AttributeList& params, const WeightShapes& shapes, const float* values) {
  const auto op = op_from_params<op::MatMul>(params);
  TENON_REQUIRE(shapes.w.size() == 2, "{}: a matrix of rank {}", kWeightOnly, shapes.w.size());
  const MatMulShape shape = matmul_shape(op, shapes.x, shapes.w, shapes.y);
  const GemmMatrix view = matmul_args(op, shape, false, false).b;
  TENON_REQUIRE(volume(shapes.w) == static_cast<std::ptrdiff_t>(shape.k) * shape.n,
                "{}: the matrix does not fit", kWeightOnly);
  Tensor packed(DataType::f32, {static_cast<std::int64_t>(gemm_packed_b_size(shape.k, shape.n))});
  const auto to = packed.mutable_values<float>();
  gemm_pack_b(values, view.ld, view.transposed, shape.k, shape.n, to.data());
  if (op.alpha != 1.0F) {
    for (float& value : to) value *= op.alpha;
  }
  return packed;
}

// A shape that comes with the plan: no memory stands behind it that would vouch for its size.
const Shape& shape_param(const AttributeList& params, std::string_view name) {
  constexpr std::int64_t kMostElements = std::int64_t{1} << 40;
  const Shape& shape = ints_param(params, name);
  std::int64_t elements = 1;
  for (const std::int64_t dim : shape) {
    TENON_REQUIRE(dim >= 0 && (dim == 0 || elements <= kMostElements / dim), "{}: a dim of {} in {}",
                  kWeightOnly, dim, name);
    elements *= std::max<std::int64_t>(dim, 1);
  }
  return shape;
}

using PackWeights = Tensor (*)(const AttributeList&, const WeightShapes&, const float*);

struct Packer {
  std::string_view kind;
  PackWeights pack;
};

template <class Form>
constexpr Packer packer() {
  return {Form::kKind, pack_filter<Form>};
}

constexpr Packer kPackers[] = {
    packer<ConvDepthwise>(),   packer<ConvBlocked>(),      packer<ConvBanded>(), packer<ConvWinograd<2>>(),
    packer<ConvWinograd<4>>(), packer<ConvWinograd<6>>(),  packer<ConvPlanar>(), packer<ConvPlain>(),
    packer<ConvTransposed>(),  {"cpu.matmul", pack_matrix}};

const StepRegistry& inner_steps() {
  static const StepRegistry registry = [] {
    StepRegistry steps;
    register_cpu_step_conv(steps);
    register_cpu_step_matmul(steps);
    return steps;
  }();
  return registry;
}

// As floats, in the order in which they are stored.
Tensor restored(std::span<const Tensor> weights, const std::vector<std::int64_t>& stored) {
  const Tensor& w = weights[0];
  TENON_REQUIRE(can_dequantize(w.dtype()), "{}: weights of {}", kWeightOnly, name(w.dtype()));
  DequantizeArgs args;
  args.dtype = w.dtype();
  args.src = w.data();
  const bool one = weights[1].elements() == 1;
  if (one) {
    args.inner = volume(w.shape());
  } else {
    const AxisSplit split = split_at(w.shape(), axis_at(stored[0], w.shape().size(), kWeightOnly));
    args.outer = split.outer;
    args.length = split.axis;
    args.inner = split.inner;
    TENON_REQUIRE(stored[1] >= 0, "{}: blocks of {}", kWeightOnly, stored[1]);
    args.block = stored[1];
  }
  const auto scales = static_cast<std::size_t>(args.scales());
  require_weight(weights[1], kWeightOnly, DataType::f32, scales);
  args.scale = weights[1].values<float>().data();
  if (stored[2] != 0) {
    require_weight(weights[2], kWeightOnly, w.dtype(), scales);
    args.zero = weights[2].data();
  }
  Tensor floats(DataType::f32, w.shape());
  args.dst = floats.mutable_values<float>().data();
  dequantize_all(args);
  return floats;
}

class WeightOnlyStep final : public Step {
 public:
  explicit WeightOnlyStep(const StepInit& init) {
    const std::string& kind = string_param(init.params, "@kind");
    const auto* const packer = std::find_if(std::begin(kPackers), std::end(kPackers),
                                            [&](const Packer& candidate) { return candidate.kind == kind; });
    TENON_REQUIRE(packer != std::end(kPackers), "{}: there is no step of the kind {}", kWeightOnly, kind);
    const auto& stored = ints_param(init.params, "@stored");
    TENON_REQUIRE(stored.size() == 3, "{}: {} numbers for scales", kWeightOnly, stored.size());
    const std::size_t own = stored[2] != 0 ? 3 : 2;
    TENON_REQUIRE(init.weights.size() >= own, "{}: {} weights", kWeightOnly, init.weights.size());
    const Tensor floats = restored(init.weights, stored);
    const WeightShapes shapes{init.weights[0].shape(), shape_param(init.params, "@x"),
                              shape_param(init.params, "@y")};
    TENON_REQUIRE(shapes.w.size() >= 2, "{}: weights of rank {}", kWeightOnly, shapes.w.size());
    std::vector<Tensor> weights = {packer->pack(init.params, shapes, floats.values<float>().data())};
    weights.insert(weights.end(), init.weights.begin() + static_cast<std::ptrdiff_t>(own),
                   init.weights.end());
    inner_ = inner_steps().create(kind, {init.params, init.inputs, init.outputs, weights});
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override { return inner_->scratch_bytes(shapes); }
  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    return inner_->specialize(shapes);
  }
  Status run(const StepCall& call) const noexcept override { return inner_->run(call); }

 private:
  std::unique_ptr<Step> inner_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_weight_only(StepRegistry& registry) {
  registry.add(cpu::kWeightOnly, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::WeightOnlyStep>(init);
  });
}

}  // namespace tenon
