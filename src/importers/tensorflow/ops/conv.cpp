// Convolutions: Conv2D, Conv3D, depthwise, and the fused ones of optimized graphs.
#include "ops/conv.hpp"

#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/fused.hpp"
#include "importers/tensorflow/window.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

Ints kernel_sizes(NodeContext& node, std::size_t spatial) {
  const Dims* dims = node.dims(1);
  if (dims == nullptr || dims->size() != spatial + 2)
    node.fail(fmt::format("the filter must have rank {}", spatial + 2));
  Ints sizes;
  for (std::size_t i = 0; i < spatial; ++i) {
    if (!(*dims)[i].is_const()) node.fail("the sizes of the filter must be known");
    sizes.push_back((*dims)[i].value());
  }
  return sizes;
}

// Channels of the data over those of the filter. Where the data's are not known, there is one group.
std::int64_t groups(NodeContext& node, bool last, std::size_t spatial) {
  const Dims* dims = node.dims(0);
  if (dims == nullptr) node.fail("the rank of the data must be known");
  const Dim& total = last ? dims->back() : (*dims)[1];
  const Dim& inner = (*node.dims(1))[spatial];
  if (!total.is_const()) return 1;
  if (!inner.is_const() || inner.value() < 1 || total.value() % inner.value() != 0)
    node.fail(fmt::format("{} channels do not fit the filter's {}", total.value(), inner.to_string()));
  return total.value() / inner.value();
}

std::int64_t depthwise_groups(NodeContext& node) {
  const Dim& channels = (*node.dims(1))[2];
  if (!channels.is_const()) node.fail("the number of channels must be known");
  return channels.value();
}

// [k…, C, M] → [M, C, k…].
ValueId output_first(NodeContext& node, ValueId filter, std::size_t spatial) {
  const auto k = static_cast<std::int64_t>(spatial);
  Ints perm = {k + 1, k};
  for (std::int64_t i = 0; i < k; ++i) perm.push_back(i);
  return transpose(node, filter, std::move(perm));
}

// [h, w, C, M] → [C · M, 1, h, w].
ValueId depthwise_filter(NodeContext& node, ValueId filter, const Ints& kernel) {
  return reshape(node, transpose(node, filter, {2, 3, 0, 1}), {-1, 1, kernel[0], kernel[1]});
}

bool is_plain(const Window& window) {
  const auto all = [](const Ints& list, std::int64_t value) {
    return std::all_of(list.begin(), list.end(), [&](std::int64_t entry) { return entry == value; });
  };
  return window.auto_pad == op::AutoPad::explicit_pads && all(window.pad, 0) && all(window.stride, 1) &&
         all(window.dilation, 1);
}

// Data as the node has it, weights as the operator wants them.
ValueId convolve(NodeContext& node, ValueId data, ValueId weights, Window window, const Ints& kernel,
                 std::int64_t group) {
  const ValueId x = window.last ? to_channels_first(node, data) : data;
  resolve_padding(node, window, x, kernel);
  op::Conv op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.pad = window.pad;
  op.auto_pad = window.auto_pad;
  op.group = group;
  const ValueId y = node.add(std::move(op), {x, weights});
  return window.last ? to_channels_last(node, y) : y;
}

ValueId convolution(NodeContext& node, std::size_t spatial, bool depthwise) {
  node.ignore_attrs({"use_cudnn_on_gpu"});
  const Window window = read_window(node, spatial);
  const Dims* dims = node.dims(0);
  if (dims != nullptr && dims->size() != spatial + 2)
    node.fail(fmt::format("the data has rank {}, expected {}", dims->size(), spatial + 2));
  const Ints kernel = kernel_sizes(node, spatial);
  const std::int64_t group = depthwise ? depthwise_groups(node) : groups(node, window.last, spatial);
  const ValueId weights =
      depthwise ? depthwise_filter(node, node.input(1), kernel) : output_first(node, node.input(1), spatial);
  const ValueId y = convolve(node, node.input(0), weights, window, kernel, group);
  const auto batches = node.notes().space_to_batch.find(node.input(0));
  if (batches != node.notes().space_to_batch.end() && is_plain(window)) {
    node.notes().dilated[y] = {batches->second,
                               [=](NodeContext& at, ValueId x, const Ints& dilation, const Ints& pads) {
                                 Window dilated = window;
                                 dilated.dilation = dilation;
                                 dilated.pad = pads;
                                 return convolve(at, x, weights, dilated, kernel, group);
                               }};
  }
  return y;
}

template <std::size_t kSpatial>
Values conv(NodeContext& node) {
  node.require_inputs(2);
  return one(convolution(node, kSpatial, false));
}

Values depthwise(NodeContext& node) {
  node.require_inputs(2);
  return one(convolution(node, 2, true));
}

Values fused_conv(NodeContext& node) {
  node.ignore_attrs({"num_args", "num_host_args"});
  node.attr_choice("filter_format", {"HWIO"}, 0);
  const bool last = channels_last(node);
  return one(apply_fused(node, convolution(node, 2, false), 2, last));
}

Values fused_depthwise(NodeContext& node) {
  node.ignore_attrs({"num_args"});
  const bool last = channels_last(node);
  return one(apply_fused(node, convolution(node, 2, true), 2, last));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_conv(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("Conv2D", conv<2>);
  registry.add("Conv3D", conv<3>);
  registry.add("DepthwiseConv2dNative", depthwise);
  registry.add("_FusedConv2D", fused_conv);
  registry.add("_FusedDepthwiseConv2dNative", fused_depthwise);
}

}  // namespace tenon
