#include "ops/gather_elements.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> GatherElements::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const TensorType& indices = plain_tensor(context, 1);
  require_index_dtype(context, 1);
  if (data.dims) {
    const auto rank = static_cast<std::int64_t>(data.dims->size());
    const auto at = static_cast<std::size_t>(normalize_axis(context, axis, rank));
    require_rank(context, 1, rank);
    for (std::size_t i = 0; indices.dims && i < indices.dims->size(); ++i) {
      const Dim& wanted = (*indices.dims)[i];
      const Dim& held = (*data.dims)[i];
      if (i != at && wanted.is_const() && held.is_const() && wanted.value() > held.value()) {
        context.fail(fmt::format("indices have extent {} along axis {}, data only {}", wanted.value(), i,
                                 held.value()));
      }
    }
  }
  return {moved(data, indices.dims)};
}

}  // namespace op

void register_op_gather_elements(OpRegistry& registry) { registry.add<op::GatherElements>(); }

}  // namespace tenon
