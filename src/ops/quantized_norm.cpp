#include "ops/quantized_norm.hpp"

#include "ops/dynamic_quantize_linear.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/layer_norm.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/quantized.hpp"
#include "ops/rms_norm.hpp"
#include "ops/scalar.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon {
namespace op {

Op QuantizedNorm::norm() const {
  if (center) return LayerNorm{axis, epsilon};
  return RmsNorm{axis, epsilon};
}

std::vector<Inference> QuantizedNorm::infer(InferContext& context) const {
  context.require_inputs(1, center ? 3 : 2);
  for (const std::size_t i : {kX, kScale, kBias}) {
    if (!context.has(i)) continue;
    context.require_dtype(i, {DataType::f32});
    if (i != kX && context.has_rank(kX) && context.has_rank(i))
      require_broadcastable_to(context, context.dims(i), context.dims(kX), "scale or bias of shape");
  }
  const std::optional<Dims>& dims = context.tensor(kX).dims;
  if (dims) normalize_axis(context, axis, dims->size());
  const DataType bytes = dynamic ? DataType::u8 : output_dtype;
  if (bytes != DataType::i8 && bytes != DataType::u8)
    context.fail(fmt::format("output_dtype: expected i8 or u8, found {}", name(bytes)));
  if (!dynamic) check_zero_point(context, "y_zero", y_zero, bytes);
  if (!dynamic && !(y_scale > 0 && std::isfinite(y_scale)))
    context.fail(fmt::format("y_scale: expected a positive number, found {}", y_scale));
  std::vector<Inference> results{tensor_type(bytes, dims)};
  if (dynamic) {
    results.emplace_back(tensor_type(DataType::f32, Dims{}));
    results.emplace_back(tensor_type(DataType::u8, Dims{}));
  }
  if (floats) results.emplace_back(tensor_type(DataType::f32, dims));
  return results;
}

std::vector<ValueId> QuantizedNorm::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  const ValueId v = builder.add(norm(), {inputs.begin(), inputs.end()});
  std::vector<ValueId> results;
  if (dynamic) {
    results = builder.add_node(DynamicQuantizeLinear{}, {v});
  } else {
    const ValueId scale = builder.add_constant(scalar_tensor(DataType::f32, static_cast<double>(y_scale)));
    const ValueId zero = builder.add_constant(scalar_tensor(output_dtype, static_cast<double>(y_zero)));
    results = {builder.add(QuantizeLinear{}, {v, scale, zero})};
  }
  if (floats) results.push_back(v);
  return results;
}

}  // namespace op

void register_op_quantized_norm(OpRegistry& registry) { registry.add<op::QuantizedNorm>(); }

}  // namespace tenon
