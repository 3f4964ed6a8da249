#include "ops/scaled_integer.hpp"

#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/conv.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"

namespace tenon {
namespace op {
namespace {

constexpr std::size_t kIn = 0, kFilter = 1, kFactor = 2, kShift = 3;

// `dims`: of the result; its axis `channels` has a multiplier each.
std::vector<Inference> infer_scaled(const InferContext& context, std::optional<Dims> dims,
                                    std::size_t channels) {
  context.require_dtype(kFactor, {DataType::f32});
  require_rank(context, kFactor, 1);
  if (dims && context.has_rank(kFactor) && !context.dims(kFactor)[0].is_const(1))
    merge_dim(context, context.dims(kFactor)[0], (*dims)[channels], "multipliers and channels:");
  if (context.has(kShift)) {
    context.require_same_dtype(kIn, kShift);
    require_rank(context, kShift, 0);
  }
  return {tensor_type(DataType::f32, std::move(dims))};
}

ValueId scaled_sum(NodeBuilder& builder, ValueId sum, ValueId multiplier) {
  Cast cast;
  cast.to = DataType::f32;
  return builder.add(binary(PointwiseFn::mul), {builder.add(cast, {sum}), multiplier});
}

std::vector<ValueId> integer_operands(std::span<const ValueId> inputs) {
  std::vector<ValueId> operands = {inputs[kIn], inputs[kFilter]};
  if (inputs.size() > kShift && inputs[kShift].valid()) operands.push_back(inputs[kShift]);
  return operands;
}

}  // namespace

std::vector<Inference> ScaledConvInteger::infer(InferContext& context) const {
  context.require_inputs(3, 4);
  context.require_dtype(kX, {DataType::u8, DataType::i8});
  context.require_dtype(kWeights, {DataType::i8});
  std::optional<Dims> dims;
  if (context.has_rank(kX) && context.has_rank(kWeights)) {
    dims = conv_output_dims(context, window_fields(static_cast<const ConvInteger&>(*this)), group,
                            context.dims(kX), context.dims(kWeights));
  }
  return infer_scaled(context, std::move(dims), 1);
}

std::vector<ValueId> ScaledConvInteger::decompose(NodeBuilder& builder,
                                                  std::span<const ValueId> inputs) const {
  const ValueId sum = builder.add(static_cast<const ConvInteger&>(*this), integer_operands(inputs));
  const TensorType& w = builder.type(inputs[kWeights]).as_tensor();
  if (!w.dims) return {};
  std::vector<std::int64_t> shape(w.dims->size() - 1, 1);
  shape[0] = -1;
  const std::int64_t rank = static_cast<std::int64_t>(shape.size());
  const ValueId to =
      builder.add_constant(Tensor::of<std::int64_t>({rank}, std::span<const std::int64_t>(shape)));
  return {scaled_sum(builder, sum, builder.add(Reshape{}, {inputs[kMultiplier], to}))};
}

std::vector<Inference> ScaledMatMulInteger::infer(InferContext& context) const {
  context.require_inputs(3, 4);
  context.require_dtype(kX, {DataType::u8, DataType::i8});
  context.require_dtype(kWeights, {DataType::i8});
  require_rank_at_least(context, kX, 2);
  require_rank(context, kWeights, 2);
  std::optional<Dims> dims;
  if (context.has_rank(kX) && context.has_rank(kWeights))
    dims = matmul_output_dims(context, context.dims(kX), context.dims(kWeights), false, false);
  const std::size_t last = dims ? dims->size() - 1 : 0;
  return infer_scaled(context, std::move(dims), last);
}

std::vector<ValueId> ScaledMatMulInteger::decompose(NodeBuilder& builder,
                                                    std::span<const ValueId> inputs) const {
  const ValueId sum = builder.add(MatMulInteger{}, integer_operands(inputs));
  return {scaled_sum(builder, sum, inputs[kMultiplier])};
}

}  // namespace op

void register_op_scaled_integer(OpRegistry& registry) {
  registry.add<op::ScaledConvInteger>();
  registry.add<op::ScaledMatMulInteger>();
}

}  // namespace tenon
