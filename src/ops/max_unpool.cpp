#include "ops/max_unpool.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace op {

namespace {

void require_values(const InferContext& context, std::string_view what, const Ints& list, std::size_t count,
                    std::int64_t least) {
  if (list.size() != count)
    context.fail(fmt::format("field '{}' has {} values, expected {}", what, list.size(), count));
  for (const std::int64_t value : list) {
    if (value < least || value > kMaxGeometry)
      context.fail(fmt::format("field '{}' has the value {}", what, value));
  }
}

}  // namespace

Dim MaxUnpool::default_extent(std::size_t i, const Dim& in) const {
  const Dim padding = pad.empty() ? Dim(0) : Dim(pad[i] + pad[i + kernel.size()]);
  return (in - 1) * (stride.empty() ? 1 : stride[i]) - padding + kernel[i];
}

std::vector<Inference> MaxUnpool::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  const TensorType& x = plain_tensor(context, 0);
  require_float(context, 0);
  context.require_dtype(1, {DataType::i64});
  require_rank_at_least(context, 0, 3);
  if (kernel.empty()) context.fail("no kernel");
  require_values(context, "kernel", kernel, kernel.size(), 1);
  if (!stride.empty()) require_values(context, "stride", stride, kernel.size(), 1);
  if (!pad.empty()) require_values(context, "pad", pad, 2 * kernel.size(), 0);
  if (x.dims && x.dims->size() != kernel.size() + 2)
    context.fail(fmt::format("x has rank {}, expected {}", x.dims->size(), kernel.size() + 2));
  if (x.dims && context.has_rank(1)) {
    require_rank(context, 1, x.dims->size());
    for (std::size_t i = 0; i < x.dims->size(); ++i)
      static_cast<void>(merge_dim(context, (*x.dims)[i], context.dims(1)[i], "x and indices"));
  }
  if (context.has(2)) {
    context.require_dtype(2, {DataType::i64});
    return {tensor_type(x.dtype, dims_from_shape_operand(context, 2))};
  }
  if (!x.dims) return {tensor_type(x.dtype, {})};
  Dims dims = *x.dims;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    Dim& dim = dims[i + 2];
    dim = default_extent(i, dim);
    if (dim.is_const() && dim.value() < 0) context.fail(fmt::format("spatial axis {} has no room", i));
  }
  return {tensor_type(x.dtype, std::move(dims))};
}

}  // namespace op

void register_op_max_unpool(OpRegistry& registry) { registry.add<op::MaxUnpool>(); }

}  // namespace tenon
