// The windows of pooling operators, one by one.
#pragma once

#include "backends/ref/index.hpp"
#include "ops/window.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::ref {

// The taps of one window that lie inside the input, as offsets into a plane, and how many lie inside input
// and padding.
struct Window {
  std::vector<std::int64_t> offsets;
  std::int64_t padded_count = 0;
};

inline Window window_at(const std::vector<op::WindowAxis>& axes, std::span<const std::int64_t> output) {
  std::vector<std::int64_t> kernel, input;
  for (const op::WindowAxis& axis : axes) {
    kernel.push_back(axis.kernel);
    input.push_back(axis.input);
  }
  const std::vector<std::int64_t> strides = strides_of(input);
  Window window;
  for_each_index(kernel, [&](std::span<const std::int64_t> tap) {
    bool inside = true;
    bool padded = true;
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < axes.size(); ++d) {
      const std::int64_t i = output[d] * axes[d].stride - axes[d].pad_begin + tap[d] * axes[d].dilation;
      inside = inside && i >= 0 && i < axes[d].input;
      padded = padded && i < axes[d].input + axes[d].pad_end;
      offset += i * strides[d];
    }
    if (inside) window.offsets.push_back(offset);
    window.padded_count += padded ? 1 : 0;
  });
  return window;
}

// f(plane start, window, output position) for every output element; windows are the same for all planes.
template <class F>
void for_each_window(const std::vector<op::WindowAxis>& axes, const Shape& x, F&& f) {
  std::vector<std::int64_t> outputs;
  std::int64_t in_plane = 1;
  std::int64_t out_plane = 1;
  for (const op::WindowAxis& axis : axes) {
    outputs.push_back(axis.output);
    in_plane *= axis.input;
    out_plane *= axis.output;
  }
  const std::int64_t planes = x[0] * x[1];
  std::int64_t position = 0;
  for_each_index(outputs, [&](std::span<const std::int64_t> output) {
    const Window window = window_at(axes, output);
    for (std::int64_t plane = 0; plane < planes; ++plane)
      f(plane * in_plane, window, plane * out_plane + position);
    ++position;
  });
}

}  // namespace tenon::ref
