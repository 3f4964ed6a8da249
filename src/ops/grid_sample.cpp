#include "ops/grid_sample.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> GridSample::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  require_numeric(context, 0);
  require_float(context, 1);
  require_rank_at_least(context, 0, 3);
  require_rank_at_least(context, 1, 3);
  if (!context.has_rank(0) || !context.has_rank(1)) return {tensor_type(context.dtype(0), std::nullopt)};
  const Dims& x = context.dims(0);
  const Dims& grid = context.dims(1);
  require_rank(context, 1, x.size());
  if (mode == GridMode::cubic && x.size() != 4)
    context.fail(fmt::format("cubic sampling of x {}", to_string(x)));
  merge_dim(context, grid.back(), Dim(x.size() - 2), "coordinates of a position:");
  Dims result{merge_dim(context, x[0], grid[0], "batch of x and grid:"), x[1]};
  result.insert(result.end(), grid.begin() + 1, grid.end() - 1);
  return {tensor_type(context.dtype(0), std::move(result))};
}

}  // namespace op

void register_op_grid_sample(OpRegistry& registry) { registry.add<op::GridSample>(); }

}  // namespace tenon
