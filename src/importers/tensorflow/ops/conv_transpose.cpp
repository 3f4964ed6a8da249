// Transposed convolutions: TensorFlow has them as gradients of convolutions with respect to their data.
//
// The first operand is the size of the result. Padding follows from it as if the convolution went the other
// way; where sizes are not known, the size has to be what a transposed layer usually gives.
#include "ops/conv_transpose.hpp"

#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/window.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

// The sizes of the spatial axes of the result, as far as they are known.
Dims output_sizes(NodeContext& node, std::size_t spatial, bool last) {
  const auto all = node.known_dims(0);
  if (!all) return Dims(spatial, Dim::unknown());
  if (all->size() == spatial) return *all;  // newer writers leave batch and channels out
  if (all->size() != spatial + 2)
    node.fail(fmt::format("the size of the result has {} entries, expected {}", all->size(), spatial + 2));
  const auto begin = all->begin() + (last ? 1 : 2);
  return Dims(begin, begin + static_cast<std::ptrdiff_t>(spatial));
}

struct Padding {
  Ints begins;
  Ints ends;
  Ints extra;  // output_padding
};

// One axis: `extent` is the dilated kernel's.
void pad_axis(NodeContext& node, bool same, const Dim& in, const Dim& out, std::int64_t stride,
              std::int64_t extent, Padding& padding) {
  const std::int64_t largest = std::max(extent, stride);
  std::int64_t total = 0;
  std::int64_t extra = 0;
  if (in.is_const() && out.is_const()) {
    const std::int64_t full = ((in - Dim(1)) * Dim(stride) + Dim(extent)).value();
    total = same ? std::max<std::int64_t>((Dim(full) - out).value(), 0) : 0;
    extra = (out - Dim(full - total)).value();
  } else if (same && provably_equal(out, in * Dim(stride))) {
    total = std::max<std::int64_t>(extent - stride, 0);
    extra = stride - (extent - total);
  } else if (!same && provably_equal(out, (in - Dim(1)) * Dim(stride) + Dim(largest))) {
    extra = largest - extent;
  } else if (!same && provably_equal(out, (in - Dim(1)) * Dim(stride) + Dim(extent))) {
    extra = 0;
  } else {
    node.fail(
        fmt::format("the size {} of the result does not follow from the size {} of the data in a known way",
                    out.to_string(), in.to_string()));
  }
  if (extra < 0 || extra >= stride)
    node.fail(fmt::format("the size {} of the result does not fit data of size {}", out.to_string(),
                          in.to_string()));
  padding.begins.push_back(total / 2);
  padding.ends.push_back(total - total / 2);
  padding.extra.push_back(extra);
}

Values transposed(NodeContext& node, std::size_t spatial, bool depthwise) {
  node.require_inputs(3);
  node.ignore_attrs({"use_cudnn_on_gpu"});
  const Window window = read_window(node, spatial);
  const Dims filter = node.dims(1) == nullptr ? Dims() : *node.dims(1);
  if (filter.size() != spatial + 2) node.fail("the rank of the filter is not known or wrong");
  if (node.rank(2) != static_cast<std::int64_t>(spatial) + 2)
    node.fail(fmt::format("the data has rank {}, expected {}", node.rank(2), spatial + 2));
  Ints kernel;
  for (std::size_t i = 0; i < spatial; ++i) {
    if (!filter[i].is_const()) node.fail("the sizes of the filter must be known");
    kernel.push_back(filter[i].value());
    constexpr std::int64_t kMaxKernel = std::int64_t{1} << 31;
    if (kernel.back() > kMaxKernel) node.fail(fmt::format("the filter has the size {}", kernel.back()));
  }
  const Dims sizes = output_sizes(node, spatial, window.last);
  const ValueId x = window.last ? to_channels_first(node, node.input(2)) : node.input(2);
  const Dims inputs = *node.dims_of(x);
  op::ConvTranspose op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  if (window.auto_pad == op::AutoPad::same_upper ||
      std::all_of(window.pad.begin(), window.pad.end(), [](auto pad) { return pad == 0; })) {
    const bool same = window.auto_pad == op::AutoPad::same_upper;
    Padding padding;
    for (std::size_t i = 0; i < spatial; ++i) {
      const std::int64_t extent = (kernel[i] - 1) * window.dilation[i] + 1;
      pad_axis(node, same, inputs[i + 2], sizes[i], window.stride[i], extent, padding);
    }
    op.pad = padding.begins;
    op.pad.insert(op.pad.end(), padding.ends.begin(), padding.ends.end());
    op.output_padding = padding.extra;
  } else {
    node.fail("explicit padding of a transposed convolution is not supported");
  }
  ValueId weights;
  if (depthwise) {
    if (!filter[2].is_const()) node.fail("the number of channels must be known");
    op.group = filter[2].value();
    weights = reshape(node, transpose(node, node.input(1), {2, 3, 0, 1}), {-1, 1, kernel[0], kernel[1]});
  } else {
    const auto k = static_cast<std::int64_t>(spatial);
    Ints perm = {k + 1, k};
    for (std::int64_t i = 0; i < k; ++i) perm.push_back(i);
    weights = transpose(node, node.input(1), std::move(perm));
  }
  const ValueId y = node.add(std::move(op), {x, weights});
  return one(window.last ? to_channels_last(node, y) : y);
}

Values conv2d_backprop(NodeContext& node) { return transposed(node, 2, false); }
Values conv3d_backprop(NodeContext& node) { return transposed(node, 3, false); }
Values depthwise_backprop(NodeContext& node) { return transposed(node, 2, true); }

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_conv_transpose(tensorflow::Registry& registry) {
  registry.add("Conv2DBackpropInput", tensorflow::conv2d_backprop);
  registry.add("Conv3DBackpropInputV2", tensorflow::conv3d_backprop);
  registry.add("DepthwiseConv2dNativeBackpropInput", tensorflow::depthwise_backprop);
}

}  // namespace tenon
