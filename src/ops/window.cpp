#include "ops/window.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::op {
namespace {

std::int64_t at_or(std::span<const std::int64_t> list, std::size_t i, std::int64_t otherwise) {
  return list.empty() ? otherwise : list[i];
}

// Everything but the input size.
WindowAxis axis_of(const WindowFields& fields, std::size_t i, std::size_t spatial, std::int64_t kernel) {
  WindowAxis axis;
  axis.kernel = kernel;
  axis.stride = at_or(fields.stride, i, 1);
  axis.dilation = at_or(fields.dilation, i, 1);
  if (fields.auto_pad == AutoPad::explicit_pads) {
    axis.pad_begin = at_or(fields.pad, i, 0);
    axis.pad_end = at_or(fields.pad, spatial + i, 0);
  }
  return axis;
}

bool is_same(AutoPad pad) { return pad == AutoPad::same_upper || pad == AutoPad::same_lower; }

Dim output_dim(const InferContext& context, const WindowFields& fields, const WindowAxis& axis,
               const Dim& input) {
  const Dim stride = axis.stride;
  if (is_same(fields.auto_pad)) return ceil_div(input, stride);
  const Dim room = input + Dim(axis.pad_begin + axis.pad_end) - Dim(axis.extent());
  if (room.is_const() && room.value() < 0) {
    context.fail(fmt::format("a window of {} elements does not fit into an input of {} with padding {} + {}",
                             axis.extent(), input.to_string(), axis.pad_begin, axis.pad_end));
  }
  if (!fields.ceil_mode) return floor_div(room, stride) + Dim(1);
  Dim rounded_up = ceil_div(room, stride) + Dim(1);
  // Rounding up can only start a window behind the input when the rest of the window is shorter than the
  // stride.
  if (axis.extent() >= axis.stride + axis.pad_end) return rounded_up;
  return min(rounded_up, ceil_div(input + Dim(axis.pad_begin), stride));
}

}  // namespace

void check_window_fields(const InferContext& context, const WindowFields& fields, std::size_t spatial) {
  auto check = [&](std::span<const std::int64_t> list, std::string_view what, std::size_t expected,
                   std::int64_t least) {
    if (!list.empty() && list.size() != expected) {
      context.fail(fmt::format("{}: expected {} numbers for {} spatial axes, found {}", what, expected,
                               spatial, list.size()));
    }
    for (const std::int64_t value : list) {
      if (value < least || value > kMaxGeometry) {
        context.fail(fmt::format("{}: expected {} to {}, found {}", what, least, kMaxGeometry, value));
      }
    }
  };
  check(fields.stride, "stride", spatial, 1);
  check(fields.dilation, "dilation", spatial, 1);
  check(fields.pad, "pad", 2 * spatial, 0);
}

Dims window_output_dims(const InferContext& context, const WindowFields& fields, std::span<const Dim> input,
                        std::span<const Dim> kernel) {
  Dims result;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (kernel[i].is_const()) {
      const std::int64_t taps = kernel[i].value();
      if (taps < 1 || taps > kMaxGeometry) {
        context.fail(fmt::format("kernel: expected sizes of 1 to {}, found {}", kMaxGeometry, taps));
      }
      result.push_back(output_dim(context, fields, axis_of(fields, i, input.size(), taps), input[i]));
    } else if (is_same(fields.auto_pad)) {
      result.push_back(ceil_div(input[i], Dim(at_or(fields.stride, i, 1))));
    } else {
      result.push_back(Dim::unknown());
    }
  }
  return result;
}

std::vector<WindowAxis> resolve_window(const WindowFields& fields, std::span<const std::int64_t> input,
                                       std::span<const std::int64_t> kernel) {
  std::vector<WindowAxis> axes;
  for (std::size_t i = 0; i < input.size(); ++i) {
    WindowAxis axis = axis_of(fields, i, input.size(), kernel[i]);
    axis.input = input[i];
    if (is_same(fields.auto_pad)) {
      axis.output = (axis.input + axis.stride - 1) / axis.stride;
      const std::int64_t total =
          std::max<std::int64_t>(0, (axis.output - 1) * axis.stride + axis.extent() - axis.input);
      axis.pad_begin = fields.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
      axis.pad_end = total - axis.pad_begin;
    } else {
      const std::int64_t room = axis.input + axis.pad_begin + axis.pad_end - axis.extent();
      TENON_REQUIRE(room >= 0,
                    "a window of {} elements does not fit into an input of {} with padding {} + {}",
                    axis.extent(), axis.input, axis.pad_begin, axis.pad_end);
      axis.output = room / axis.stride + 1;
      if (fields.ceil_mode) {
        axis.output = (room + axis.stride - 1) / axis.stride + 1;
        axis.output = std::min(axis.output, (axis.input + axis.pad_begin + axis.stride - 1) / axis.stride);
      }
    }
    axes.push_back(axis);
  }
  return axes;
}

}  // namespace tenon::op
