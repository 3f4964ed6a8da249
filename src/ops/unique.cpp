#include "ops/unique.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Unique::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  const Type list = tensor_type(DataType::i64, unknown_dims(1));
  if (!data.dims)
    return {moved(data, axis ? std::nullopt : std::optional(unknown_dims(1))), list, list, list};
  if (!axis) {
    return {moved(data, unknown_dims(1)), list, tensor_type(DataType::i64, Dims{product(*data.dims)}), list};
  }
  Dims dims = *data.dims;
  Dim& along = dims[static_cast<std::size_t>(normalize_axis(context, *axis, dims.size()))];
  const Type inverse = tensor_type(DataType::i64, Dims{along});
  along = Dim::unknown();
  return {moved(data, std::move(dims)), list, inverse, list};
}

}  // namespace op

void register_op_unique(OpRegistry& registry) { registry.add<op::Unique>(); }

}  // namespace tenon
