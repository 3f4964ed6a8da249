#include "ops/expand.hpp"

#include "ops/shape_inference.hpp"

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> Expand::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const auto shape = dims_from_shape_operand(context, 1);
  if (!shape || !data.dims) return {moved(data, {})};

  const std::size_t rank = std::max(shape->size(), data.dims->size());
  Dims dims;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto aligned = [&](const Dims& source) {
      const std::size_t missing = rank - source.size();
      return i < missing ? Dim(1) : source[i - missing];
    };
    dims.push_back(broadcast_dim(context, aligned(*data.dims), aligned(*shape)));
  }
  std::optional<Dims> value;
  if (const auto source = known_value(context, 0)) {
    if (rank == 0 || (rank == 1 && provably_equal(dims[0], Dim(static_cast<std::int64_t>(source->size()))))) {
      value = source;
    } else if (rank == 1 && source->size() == 1 && dims[0].is_const() &&
               dims[0].value() <= kMaxTrackedElements) {
      value = Dims(static_cast<std::size_t>(dims[0].value()), source->front());
    }
  }
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_expand(OpRegistry& registry) { registry.add<op::Expand>(); }

}  // namespace tenon
