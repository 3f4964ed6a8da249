#include "ops/reorder.hpp"

#include "ops/shape_inference.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace op {

namespace {

std::vector<std::size_t> blocked_axes(const Layout& layout) {
  std::vector<std::size_t> axes;
  for (const Layout::Block& block : layout.blocks) {
    const auto axis = static_cast<std::size_t>(block.axis);
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) axes.push_back(axis);
  }
  return axes;
}

void check_extents(const InferContext& context, const Layout& layout, const Dims& dims, const Ints& extents) {
  const auto axes = blocked_axes(layout);
  if (axes.size() != extents.size()) {
    context.fail(fmt::format("{} extents for {} blocked axes", extents.size(), axes.size()));
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] >= dims.size())
      context.fail(fmt::format("the layout blocks axis {} of {}", axes[i], dims.size()));
    merge_dim(context, dims[axes[i]], extents[i], fmt::format("dim and extent of axis {}", axes[i]));
  }
}

}  // namespace

Dims logical_dims(const Layout& layout, const Dims& stored, const std::optional<Ints>& extents) {
  const std::size_t blocks = layout.blocks.size();
  if (stored.size() < blocks)
    throw ModelError(fmt::format("reorder: a stored array of rank {} with {} blocks", stored.size(), blocks));
  const std::size_t rank = stored.size() - blocks;
  if (!layout.order.empty() && layout.order.size() != rank) {
    throw ModelError(
        fmt::format("reorder: layout {} for a stored array of rank {}", layout.to_string(), stored.size()));
  }
  Dims dims(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    dims[layout.order.empty() ? i : static_cast<std::size_t>(layout.order[i])] = stored[i];
  }
  for (const Layout::Block& block : layout.blocks) {
    if (static_cast<std::size_t>(block.axis) >= rank) {
      throw ModelError(fmt::format("reorder: layout {} for a tensor of rank {}", layout.to_string(), rank));
    }
    Dim& dim = dims[static_cast<std::size_t>(block.axis)];
    dim = dim * block.size;
  }
  if (!extents) return dims;
  const auto axes = blocked_axes(layout);
  if (axes.size() != extents->size()) {
    throw ModelError(fmt::format("reorder: {} extents for {} blocked axes", extents->size(), axes.size()));
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim& padded = dims[axes[i]];
    if ((*extents)[i] < 0 || (padded.is_const() && (*extents)[i] > padded.value())) {
      throw ModelError(fmt::format("reorder: extent {} of axis {}, the stored array has {}", (*extents)[i],
                                   axes[i], padded.to_string()));
    }
    dims[axes[i]] = (*extents)[i];
  }
  return dims;
}

std::vector<Inference> Reorder::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = context.tensor(0);
  const Layout source = Layout::parse(from);
  TensorType result = data;
  result.layout = Layout::parse(to);
  const bool stored_array = data.layout != source;
  if (stored_array) {
    if (!data.layout.is_plain())
      context.fail(fmt::format("operand 0 has layout {}, expected {}", data.layout.to_string(), from));
    if (source.stored) {
      if (data.dtype != *source.stored)
        context.fail(fmt::format("operand 0 is {}, stored as {}", name(data.dtype), name(*source.stored)));
      result.dtype = DataType::f32;
    }
  }
  if (result.layout.stored && result.dtype != DataType::f32)
    context.fail(
        fmt::format("only f32 is stored as {}, not {}", name(*result.layout.stored), name(result.dtype)));
  if (!stored_array) {
    if (data.dims && extents) check_extents(context, source, *data.dims, *extents);
    return {result};
  }
  if (data.dims) result.dims = logical_dims(source, *data.dims, extents);
  return {result};
}

}  // namespace op

void register_op_reorder(OpRegistry& registry) { registry.add<op::Reorder>(); }

}  // namespace tenon
