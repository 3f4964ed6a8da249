// Geometry of sliding windows (convolution, pooling): padding rules and output sizes, symbolic and concrete.
//
// Fields stride, dilation and pad may be empty: ones, ones and zeros. `pad` lists all begins, then all ends,
// and counts only under AutoPad::explicit_pads. same_upper and same_lower pad so that output = ceil(input /
// stride), the odd element going to the end or to the beginning; they are resolved from the shapes at hand,
// so they work with symbolic dims.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tenon::op {

enum class AutoPad : std::uint8_t { explicit_pads, same_upper, same_lower, valid };

inline constexpr std::array<std::string_view, 4> enum_names(AutoPad) {
  return {"explicit", "same_upper", "same_lower", "valid"};
}

// The geometry fields of one operator, as they stand in it.
struct WindowFields {
  std::span<const std::int64_t> stride;
  std::span<const std::int64_t> dilation;
  std::span<const std::int64_t> pad;
  AutoPad auto_pad = AutoPad::explicit_pads;
  bool ceil_mode = false;  // output sizes round up, but no window starts in the padding behind the input
};

template <class T>
WindowFields window_fields(const T& op) {
  WindowFields fields{op.stride, op.dilation, op.pad, op.auto_pad, false};
  if constexpr (requires { op.ceil_mode; }) fields.ceil_mode = op.ceil_mode;
  return fields;
}

// One spatial axis with everything resolved to numbers. Tap k of output o reads input o * stride - pad_begin
// + k * dilation.
struct WindowAxis {
  std::int64_t input = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;
  std::int64_t output = 0;

  std::int64_t extent() const noexcept { return (kernel - 1) * dilation + 1; }
};

// Fails unless the field lengths fit `spatial` axes, strides and dilations are positive (and pads not
// negative).
void check_window_fields(const InferContext& context, const WindowFields& fields, std::size_t spatial);

// Output dims for these spatial dims and kernel dims. Fails when a kernel does not fit into its padded input.
Dims window_output_dims(const InferContext& context, const WindowFields& fields, std::span<const Dim> input,
                        std::span<const Dim> kernel);

// The same with numbers, for whoever runs the operator. ModelError when a kernel does not fit.
std::vector<WindowAxis> resolve_window(const WindowFields& fields, std::span<const std::int64_t> input,
                                       std::span<const std::int64_t> kernel);

}  // namespace tenon::op
