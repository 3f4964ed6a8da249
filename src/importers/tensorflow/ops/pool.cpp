// Pools over windows.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/window.hpp"
#include "ops/average_pool.hpp"
#include "ops/max_pool.hpp"

#include <fmt/format.h>

namespace tenon::tensorflow {
namespace {

template <class Op>
Values pool(NodeContext& node, Window window, const Ints& kernel) {
  const ValueId x = window.last ? to_channels_first(node, node.input(0)) : node.input(0);
  const std::int64_t rank = node.rank_of(x);
  if (rank != static_cast<std::int64_t>(kernel.size()) + 2)
    node.fail(fmt::format("the data has rank {}, expected {}", rank, kernel.size() + 2));
  resolve_padding(node, window, x, kernel);
  Op op;
  op.kernel = kernel;
  op.stride = window.stride;
  op.pad = window.pad;
  op.auto_pad = window.auto_pad;
  const ValueId y = node.add(std::move(op), {x});
  return one(window.last ? to_channels_last(node, y) : y);
}

template <class Op, std::size_t kSpatial>
Values pool_node(NodeContext& node) {
  node.require_inputs(1);
  Window window = read_window(node, kSpatial);
  const Ints kernel = node.attr_ints("ksize");
  if (kernel.empty()) node.fail("attribute 'ksize' is missing");
  const Ints sizes = spatial_entries(node, kernel, kSpatial, window.last, "attribute 'ksize'");
  return pool<Op>(node, std::move(window), sizes);
}

// Sizes and strides are operands.
Values max_pool_v2(NodeContext& node) {
  node.require_inputs(3);
  Window window = read_window(node, 2);
  window.stride = spatial_entries(node, node.require_ints(2, "the stride"), 2, window.last, "the stride");
  const Ints kernel = spatial_entries(node, node.require_ints(1, "the window"), 2, window.last, "the window");
  return pool<op::MaxPool>(node, std::move(window), kernel);
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_pool(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("AvgPool", pool_node<op::AveragePool, 2>);
  registry.add("AvgPool3D", pool_node<op::AveragePool, 3>);
  registry.add("MaxPool", pool_node<op::MaxPool, 2>);
  registry.add("MaxPool3D", pool_node<op::MaxPool, 3>);
  registry.add("MaxPoolV2", max_pool_v2);
}

}  // namespace tenon
