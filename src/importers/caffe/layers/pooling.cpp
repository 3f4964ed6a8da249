// Pooling, and SPP, which is made of it.
//
// Sizes round up, but no window begins behind the input and its padding; the mean counts padding, but not
// what rounding up added behind it.
#include "importers/caffe/window.hpp"
#include "ops/average_pool.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/global_pool.hpp"
#include "ops/max_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::caffe {
namespace {

enum Method : std::size_t { kMax, kAverage, kStochastic };

struct Window {
  Ints kernel, stride, pad;  // height, width
  bool round_up = true;
};

template <class Op>
Op pool(const Window& window) {
  Op op;
  op.kernel = window.kernel;
  op.stride = window.stride;
  op.pad = both_ends(window.pad);
  op.ceil_mode = window.round_up;
  return op;
}

ValueId mean(LayerContext& layer, const Window& window, ValueId x) {
  auto op = pool<op::AveragePool>(window);
  op.count_include_pad = true;
  return layer.add(std::move(op), {x});
}

// The position of the maximum within its plane, as the mask that Upsample reads.
ValueId mask_of(LayerContext& layer, ValueId indices) {
  const std::int64_t plane = layer.fixed_product(layer.bottom(), 2, 4);
  const ValueId size = layer.constant(Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&plane, 1)));
  return layer.add(op::Cast{.to = DataType::f32}, {layer.binary(PointwiseFn::mod, indices, size)});
}

Values apply_pool(LayerContext& layer, const Window& window, std::size_t method) {
  const ValueId x = layer.bottom();
  if (method == kAverage) return {mean(layer, window, x)};
  if (method == kStochastic) {
    // At test: elements weighted by themselves. The smallest normal number keeps an empty window at 0.
    const ValueId squares = mean(layer, window, layer.unary(PointwiseFn::square, x));
    const ValueId sum = layer.shifted(mean(layer, window, x), std::numeric_limits<float>::min());
    return {layer.binary(PointwiseFn::div, squares, sum)};
  }
  const std::size_t outputs = layer.top_count();
  Values tops = layer.graph().add_node(pool<op::MaxPool>(window), {x}, outputs);
  if (outputs == 2) tops[1] = mask_of(layer, tops[1]);
  return tops;
}

// A window that is larger than the input and its padding sees all of it.
void shrink(const LayerContext& layer, Window& window) {
  const Dims& dims = layer.dims(layer.bottom());
  for (std::size_t i = 0; i < 2; ++i) {
    const Dim& size = dims[i + 2];
    if (!size.is_const()) continue;
    const std::int64_t room = size.value() + 2 * window.pad[i];
    if (window.kernel[i] > room && window.kernel[i] < room + window.stride[i] && window.round_up)
      window.kernel[i] = room;
  }
}

Values pooling(LayerContext& layer) {
  layer.require(1, 1, 1, 2);
  const Message& fields = layer.parameters("pooling_param");
  fields.ignore({"engine"});
  const std::size_t method = layer.choice(fields, "pool", {"MAX", "AVE", "STOCHASTIC"}, kMax);
  if (layer.top_count() == 2 && method != kMax) layer.fail("only pool MAX has a second top");
  const ValueId x = layer.bottom();
  if (layer.rank(x) != 4) layer.fail(fmt::format("needs four axes, found {}", layer.rank(x)));
  if (fields.flag("global_pooling", false)) {
    fields.ignore({"kernel_size", "kernel_h", "kernel_w", "stride", "stride_h", "stride_w", "pad", "pad_h",
                   "pad_w", "round_mode", "ceil_mode"});
    if (method == kAverage) return {layer.add(op::GlobalAveragePool{}, {x})};
    if (method == kMax && layer.top_count() == 1) return {layer.add(op::GlobalMaxPool{}, {x})};
    const Ints whole{layer.fixed(x, 2), layer.fixed(x, 3)};
    return apply_pool(layer, {whole, {1, 1}, {0, 0}}, method);
  }
  Window window;
  window.kernel = read_extents(layer, fields, "kernel_size", "kernel", 2, 1, 0);
  window.stride = read_extents(layer, fields, "stride", "stride", 2, 1, 1);
  window.pad = read_extents(layer, fields, "pad", "pad", 2, 0, 0);
  window.round_up = layer.choice(fields, "round_mode", {"CEIL", "FLOOR"}, 0) == 0;
  window.round_up = fields.flag("ceil_mode", window.round_up);  // its name in another fork
  for (std::size_t i = 0; i < 2; ++i) {
    if (window.pad[i] >= window.kernel[i])
      layer.fail(
          fmt::format("padding {} is not smaller than the kernel {}", window.pad[i], window.kernel[i]));
  }
  shrink(layer, window);
  return apply_pool(layer, window, method);
}

// Pools into 1, 2², 4², … cells, and puts all of them side by side.
Values spp(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("spp_param");
  fields.ignore({"engine"});
  const std::int64_t height = fields.integer("pyramid_height", 0);
  if (height < 1 || height > 12) layer.fail(fmt::format("field 'pyramid_height' has the value {}", height));
  const std::size_t method = layer.choice(fields, "pool", {"MAX", "AVE", "STOCHASTIC"}, kMax);
  const ValueId x = layer.bottom();
  if (layer.rank(x) != 4) layer.fail(fmt::format("needs four axes, found {}", layer.rank(x)));
  Values parts;
  for (std::int64_t level = 0; level < height; ++level) {
    const std::int64_t cells = std::int64_t{1} << level;
    Window window;
    for (std::int64_t axis = 2; axis < 4; ++axis) {
      const std::int64_t size = layer.fixed(x, axis);
      const std::int64_t kernel = (size + cells - 1) / cells;
      const std::int64_t pad = (kernel * cells - size + 1) / 2;
      if (pad >= kernel) layer.fail(fmt::format("{} elements do not fall into {} cells", size, cells));
      window.kernel.push_back(kernel);
      window.stride.push_back(kernel);
      window.pad.push_back(pad);
    }
    parts.push_back(layer.add(op::Flatten{1}, {apply_pool(layer, window, method)[0]}));
  }
  return {parts.size() == 1 ? parts[0] : layer.add(op::Concat{1}, parts)};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_pooling(caffe::Registry& registry) {
  registry.add("Pooling", caffe::pooling);
  registry.add("SPP", caffe::spp);
}

}  // namespace tenon
