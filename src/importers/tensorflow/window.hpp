// Strides, dilations and padding of convolutions and pools.
#pragma once

#include "importers/tensorflow/node_context.hpp"
#include "ops/window.hpp"

namespace tenon::tensorflow {

struct Window {
  bool last = true;  // channels
  Ints stride;       // of the spatial axes
  Ints dilation;
  Ints pad;  // begins, then ends; for explicit padding
  op::AutoPad auto_pad = op::AutoPad::explicit_pads;
};

// Attributes strides, dilations, padding, explicit_paddings and data_format of a node with `spatial` spatial
// axes.
Window read_window(NodeContext& node, std::size_t spatial);
// A list of one number per axis of the data; those of batch and channels have to be 1.
Ints spatial_entries(const NodeContext& node, const Ints& list, std::size_t spatial, bool last,
                     std::string_view what);

// SAME padding where the sizes are known becomes explicit. `data` has its channels second.
void resolve_padding(const NodeContext& node, Window& window, ValueId data, const Ints& kernel);

}  // namespace tenon::tensorflow
