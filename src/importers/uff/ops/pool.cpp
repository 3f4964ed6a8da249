// Pool. Explicit padding was a Pad of its own in TensorFlow, which the converter fused: it is of zeros, and
// they count. Implicit padding does not count.
#include "importers/uff/window.hpp"
#include "ops/average_pool.hpp"
#include "ops/max_pool.hpp"
#include "ops/pad.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

template <class Op>
ValueId add_pool(NodeContext& node, Op op, const Window& window, ValueId image, const Ints& kernel) {
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  const Dims kernel_dims(kernel.begin(), kernel.end());
  Padding padding = resolve_padding(window, dims, kernel_dims);
  op.kernel = kernel;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.pad = std::move(padding.pad);
  op.auto_pad = padding.auto_pad;
  return node.add(std::move(op), {image}, 1);
}

Placed pool(NodeContext& node) {
  node.require_inputs(1, 1);
  const AxisOrder order = node.orders({"NC+"})[0];
  const bool average = node.field_choice("func", {"max", "avg"}) == 1;
  ValueId image = node.as_image(0, order);
  const std::size_t spatial = node.graph().type(image).as_tensor().dims->size() - 2;
  Window window = read_window(node, spatial);
  const Ints kernel = node.find_ints("kernel").value_or(Ints());
  if (kernel.size() != spatial)
    node.fail(fmt::format("field 'kernel' has {} elements for {} spatial axes", kernel.size(), spatial));

  if (average) {
    op::AveragePool op;
    op.count_include_pad = !window.padding.empty();
    return node.image(add_pool(node, std::move(op), window, image, kernel), order);
  }
  if (!window.padding.empty()) {
    Ints pads = {0, 0};
    pads.insert(pads.end(), window.padding.begin(), window.padding.end());
    const Ints begins = pads;
    pads.insert(pads.end(), begins.begin(), begins.end());
    op::Pad pad;
    pad.pads = std::move(pads);
    image = node.add(std::move(pad), {image});
    window.padding.clear();
  }
  return node.image(add_pool(node, op::MaxPool{}, window, image, kernel), order);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_pool(uff::Registry& registry) { registry.add("Pool", uff::pool); }

}  // namespace tenon
