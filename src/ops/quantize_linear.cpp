#include "ops/quantize_linear.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

void check_quantization(const InferContext& context, std::size_t scale, std::size_t zero_point,
                        std::int64_t axis, std::int64_t block_size) {
  if (context.has(zero_point) && context.has_rank(scale) && context.has_rank(zero_point)) {
    const Dims& s = context.dims(scale);
    const Dims& z = context.dims(zero_point);
    const bool scalars = product(s).is_const(1) && product(z).is_const(1);
    if (s.size() != z.size() && !scalars) {
      context.fail(fmt::format("scale {} and zero point {} differ in shape", to_string(s), to_string(z)));
    }
    for (std::size_t i = 0; i < std::min(s.size(), z.size()); ++i)
      merge_dim(context, s[i], z[i], "scale and zero point:");
  }
  if (block_size < 0 || block_size > kMaxGeometry) {
    context.fail(fmt::format("block_size: expected 0 to {}, found {}", kMaxGeometry, block_size));
  }
  if (!context.has_rank(0) || !context.has_rank(scale)) return;
  const Dims& x = context.dims(0);
  const Dims& s = context.dims(scale);
  if (block_size == 0) {
    if (s.empty() || product(s).is_const(1)) return;
    require_rank(context, scale, 1);
    const auto at = static_cast<std::size_t>(normalize_axis(context, axis, x.size()));
    merge_dim(context, s[0], x[at], "scale and quantized axis:");
    return;
  }
  const auto at = static_cast<std::size_t>(normalize_axis(context, axis, x.size()));
  require_rank(context, scale, x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    merge_dim(context, s[i], i == at ? ceil_div(x[i], Dim(block_size)) : x[i], "blocked scale and x:");
  }
}

std::vector<Inference> QuantizeLinear::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  context.require_dtype(0, {DataType::f32, DataType::f16, DataType::bf16, DataType::i32, DataType::f64});
  context.require_dtype(1, {DataType::f32, DataType::f16, DataType::bf16, DataType::i32, DataType::f8e8m0});
  check_quantization(context, 1, 2, axis, block_size);
  const DataType result = context.has(2) ? context.dtype(2) : output_dtype.value_or(DataType::u8);
  if (context.has(2) && output_dtype && *output_dtype != result) {
    context.fail(
        fmt::format("output_dtype {} and zero point of {} differ", name(*output_dtype), name(result)));
  }
  const bool small_integer = is_integer(result) && bit_width(result) <= 16;
  const bool small_float = is_floating_point(result) && bit_width(result) <= 8;
  if (!small_integer && !small_float) context.fail(fmt::format("{} is not a quantized dtype", name(result)));
  return {tensor_type(result, context.tensor(0).dims)};
}

}  // namespace op

void register_op_quantize_linear(OpRegistry& registry) { registry.add<op::QuantizeLinear>(); }

}  // namespace tenon
