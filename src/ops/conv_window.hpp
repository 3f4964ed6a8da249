// The window that operators of every kind of convolution have: stride, pad, dilation, group and auto_pad.
#pragma once

namespace tenon::op {

// A `To` with the window of `from` and its own defaults for all else. Between transposed convolutions the
// fields that say the size of the output belong to the window.
template <class To, class From>
To with_window_of(const From& from) {
  To to;
  to.stride = from.stride;
  to.pad = from.pad;
  to.dilation = from.dilation;
  to.group = from.group;
  to.auto_pad = from.auto_pad;
  if constexpr (requires { to.output_shape = from.output_shape; }) {
    to.output_padding = from.output_padding;
    to.output_shape = from.output_shape;
  }
  return to;
}

}  // namespace tenon::op
