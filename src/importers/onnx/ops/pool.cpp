// Pools over windows and over everything.
#include "importers/onnx/converters.hpp"
#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/lp_pool.hpp"
#include "ops/max_pool.hpp"
#include "ops/max_unpool.hpp"
#include "ops/roi_pool.hpp"

namespace tenon::onnx {
namespace {

template <class Op>
Op pool_window(NodeContext& node) {
  Op op;
  op.kernel = node.attr_ints("kernel_shape");
  if (op.kernel.empty()) node.fail("attribute 'kernel_shape' is missing");
  op.ceil_mode = node.attr_bool("ceil_mode", false);
  Window window = read_window(node);
  resolve_padding(window, spatial_dims(node, 0), Dims(op.kernel.begin(), op.kernel.end()), op.ceil_mode);
  op.stride = std::move(window.stride);
  op.dilation = std::move(window.dilation);
  op.pad = std::move(window.pad);
  op.auto_pad = window.auto_pad;
  return op;
}

Values average_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  auto op = pool_window<op::AveragePool>(node);
  op.count_include_pad = node.attr_bool("count_include_pad", false);
  return one(node.add(std::move(op), {node.input(0)}));
}

Values max_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  auto op = pool_window<op::MaxPool>(node);
  op.column_major = node.attr_bool("storage_order", false);
  return node.add_node(std::move(op), {node.input(0)}, node.output_count());
}

Values max_unpool(NodeContext& node) {
  node.require_inputs(2, 3);
  op::MaxUnpool op;
  op.kernel = node.attr_ints("kernel_shape");
  Window window = read_window(node);
  op.stride = std::move(window.stride);
  op.pad = std::move(window.pad);
  return one(node.add(std::move(op), node.inputs()));
}

Values max_roi_pool(NodeContext& node) {
  node.require_inputs(2, 2);
  op::RoiPool op;
  const Ints shape = node.attr_ints("pooled_shape");
  if (shape.size() != 2) node.fail("attribute 'pooled_shape' must be (height, width)");
  op.output_height = shape[0];
  op.output_width = shape[1];
  op.spatial_scale = node.attr_float("spatial_scale", 1);
  return one(node.add(op, {node.input(0), node.input(1)}));
}

// The exponent was a float in the first version.
std::int64_t exponent(NodeContext& node) {
  return node.opset() < 2 ? static_cast<std::int64_t>(node.attr_float("p", 2)) : node.attr_int("p", 2);
}

Values lp_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  auto op = pool_window<op::LpPool>(node);
  op.p = exponent(node);
  return one(node.add(std::move(op), {node.input(0)}));
}

template <class Op>
Values global_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(Op{}, {node.input(0)}));
}

Values global_lp_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::GlobalLpPool{exponent(node)}, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_pool(onnx::Registry& registry) {
  registry.add("AveragePool", onnx::average_pool);
  registry.add("GlobalAveragePool", onnx::global_pool<op::GlobalAveragePool>);
  registry.add("GlobalLpPool", onnx::global_lp_pool);
  registry.add("GlobalMaxPool", onnx::global_pool<op::GlobalMaxPool>);
  registry.add("LpPool", onnx::lp_pool);
  registry.add("MaxPool", onnx::max_pool);
  registry.add("MaxRoiPool", onnx::max_roi_pool);
  registry.add("MaxUnpool", onnx::max_unpool, {9});
}

}  // namespace tenon
