#include "ops/col2im.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Col2Im::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const TensorType& columns = plain_tensor(context, 0);
  require_numeric(context, 0);
  require_rank(context, 0, 3);
  const auto image = dims_from_shape_operand(context, 1);
  const auto block = dims_from_shape_operand(context, 2);
  if (!image || !block) return {moved(columns, {})};
  const std::size_t axes = image->size();
  if (block->size() != axes) {
    context.fail(fmt::format("block_shape has {} entries, image_shape {}", block->size(), axes));
  }
  for (const auto& [list, per_axis, what] :
       {std::tuple(&dilations, std::size_t{1}, "dilations"), std::tuple(&pads, std::size_t{2}, "pads"),
        std::tuple(&strides, std::size_t{1}, "strides")}) {
    if (!list->empty() && list->size() != per_axis * axes) {
      context.fail(fmt::format("{} {} for an image of {} axes", list->size(), what, axes));
    }
    const std::int64_t least = per_axis == 2 ? 0 : 1;
    for (const std::int64_t entry : *list) {
      if (entry < least) context.fail(fmt::format("{} contain {}", what, entry));
    }
  }
  Dim channels = Dim::unknown();
  Dim batch = Dim::unknown();
  if (columns.dims) {
    batch = (*columns.dims)[0];
    const Dim& rows = (*columns.dims)[1];
    const Dim block_size = product(*block);
    if (block_size.is_const(0)) context.fail("block_shape contains 0");
    if (const auto exact = exact_div(rows, block_size)) {
      channels = *exact;
    } else if (rows.is_const() && block_size.is_const()) {
      context.fail(
          fmt::format("{} rows are not a multiple of the block size {}", rows.value(), block_size.value()));
    }
  }
  Dims dims{batch, channels};
  dims.insert(dims.end(), image->begin(), image->end());
  return {moved(columns, std::move(dims))};
}

}  // namespace op

void register_op_col2im(OpRegistry& registry) { registry.add<op::Col2Im>(); }

}  // namespace tenon
