#include "ops/compress.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Compress::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  context.require_dtype(1, {DataType::boolean});
  require_rank(context, 1, 1);
  if (!axis) return {moved(data, unknown_dims(1))};
  if (!data.dims) return {moved(data, {})};
  Dims dims = *data.dims;
  dims[static_cast<std::size_t>(normalize_axis(context, *axis, dims.size()))] = Dim::unknown();
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_compress(OpRegistry& registry) { registry.add<op::Compress>(); }

}  // namespace tenon
