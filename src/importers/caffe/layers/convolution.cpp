// Convolution, Deconvolution, Im2col: windows over any number of spatial axes.
#include "importers/caffe/window.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::caffe {
namespace {

struct Geometry {
  Ints kernel, stride, pad, dilation;
};

Geometry read_geometry(const LayerContext& layer, const Message& fields) {
  const std::int64_t rank = layer.rank(layer.bottom());
  if (rank < 3) layer.fail(fmt::format("needs at least three axes, found {}", rank));
  if (layer.axis(fields.integer("axis", 1), rank) != 1) layer.fail("field 'axis' must be 1");
  fields.ignore({"engine", "force_nd_im2col"});
  const auto axes = static_cast<std::size_t>(rank - 2);
  Geometry geometry;
  geometry.kernel = read_extents(layer, fields, "kernel_size", "kernel", axes, 1, 0);
  geometry.stride = read_extents(layer, fields, "stride", "stride", axes, 1, 1);
  geometry.pad = both_ends(read_extents(layer, fields, "pad", "pad", axes, 0, 0));
  geometry.dilation = read_extents(layer, fields, "dilation", "dilation", axes, 1, 1);
  return geometry;
}

template <class Op>
Op windowed(const Geometry& geometry, std::int64_t group) {
  Op op;
  op.stride = geometry.stride;
  op.pad = geometry.pad;
  op.dilation = geometry.dilation;
  op.group = group;
  return op;
}

// `shape` is [leading, per group, kernel…]; the layer is applied to each of its bottoms.
template <class Op>
Values apply(LayerContext& layer, const Message& fields, const Geometry& geometry, std::int64_t group,
             std::int64_t leading, std::int64_t per_group, std::int64_t outputs) {
  Shape shape{leading, per_group};
  shape.insert(shape.end(), geometry.kernel.begin(), geometry.kernel.end());
  const Filler weight_filler = read_filler(fields.find_message("weight_filler"), Filler::xavier());
  const Filler bias_filler = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
  const bool with_bias = fields.flag("bias_term", true);
  Values operands{ValueId{}, layer.constant(layer.blob(0, shape, weight_filler))};
  if (with_bias) operands.push_back(layer.constant(layer.blob(1, {outputs}, bias_filler)));
  Values tops;
  for (const ValueId bottom : layer.bottoms()) {
    operands[0] = bottom;
    tops.push_back(layer.add(windowed<Op>(geometry, group), operands));
  }
  return tops;
}

struct Channels {
  std::int64_t in, out, group;
};

Channels read_channels(const LayerContext& layer, const Message& fields, bool depthwise) {
  const std::size_t any = std::numeric_limits<std::size_t>::max();
  layer.require(1, any, 1, any);
  if (layer.bottom_count() != layer.top_count()) layer.fail("needs as many tops as bottoms");
  Channels channels{layer.fixed(layer.bottom(), 1), fields.integer("num_output", 0),
                    fields.integer("group", 1)};
  if (depthwise) channels.group = channels.in;
  if (channels.out < 1) layer.fail(fmt::format("field 'num_output' has the value {}", channels.out));
  const bool fits =
      channels.group > 0 && channels.in % channels.group == 0 && channels.out % channels.group == 0;
  if (!fits) {
    layer.fail(fmt::format("{} channels to {} do not fall into {} groups", channels.in, channels.out,
                           channels.group));
  }
  return channels;
}

template <bool depthwise>
Values convolution(LayerContext& layer) {
  const Message& fields = layer.parameters("convolution_param");
  const Channels channels = read_channels(layer, fields, depthwise);
  return apply<op::Conv>(layer, fields, read_geometry(layer, fields), channels.group, channels.out,
                         channels.in / channels.group, channels.out);
}

Values deconvolution(LayerContext& layer) {
  const Message& fields = layer.parameters("convolution_param");
  const Channels channels = read_channels(layer, fields, false);
  return apply<op::ConvTranspose>(layer, fields, read_geometry(layer, fields), channels.group, channels.in,
                                  channels.out / channels.group, channels.out);
}

// Every tap of every channel becomes a channel: a convolution with a kernel for each that is 1 at its tap.
Values im2col(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("convolution_param");
  const Geometry geometry = read_geometry(layer, fields);
  const std::int64_t channels = layer.fixed(layer.bottom(), 1);
  const std::int64_t taps = element_count(geometry.kernel);
  if (taps > 1024 || channels > (std::int64_t{1} << 20) / taps) layer.fail("the windows are too large");
  layer.charge(channels * taps * taps);
  Shape shape{channels * taps, 1};
  shape.insert(shape.end(), geometry.kernel.begin(), geometry.kernel.end());
  Tensor kernels(DataType::f32, shape);
  const auto values = kernels.mutable_values<float>();
  for (std::int64_t i = 0; i < channels * taps; ++i)
    values[static_cast<std::size_t>(i * taps + i % taps)] = 1;
  return {layer.add(windowed<op::Conv>(geometry, channels),
                    {layer.bottom(), layer.constant(std::move(kernels))})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_convolution(caffe::Registry& registry) {
  registry.add("Convolution", caffe::convolution<false>);
  registry.add("ConvolutionDepthwise", caffe::convolution<true>);
  registry.add("Deconvolution", caffe::deconvolution);
  registry.add("DepthwiseConvolution", caffe::convolution<true>);
  registry.add("Im2col", caffe::im2col);
}

}  // namespace tenon
