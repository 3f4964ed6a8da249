// Fields of sliding windows: strides, dilation, padding and implicit_padding of Conv, ConvTranspose and Pool.
#pragma once

#include "importers/uff/node_context.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::uff {

struct Window {
  Ints stride;
  Ints dilation;
  Ints padding;       // per spatial axis, the same at both ends; empty: none
  bool same = false;  // as TensorFlow's SAME
};

// Reads the fields and checks them for `spatial` axes.
Window read_window(NodeContext& node, std::size_t spatial);

// Padding as operators have it: explicit begins and ends where `image` ([N, C, spatial…]) and the kernel are
// known, else left to the shapes at hand.
struct Padding {
  Ints pad;
  op::AutoPad auto_pad = op::AutoPad::explicit_pads;
};
Padding resolve_padding(const Window& window, const Dims& image, std::span<const Dim> kernel);

}  // namespace tenon::uff
