#include "backends/cpu/steps/conv_geometry.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/windows.hpp"
#include "base/check.hpp"

#include <limits>

namespace tenon::cpu {
namespace {

ConvShape assemble(std::int64_t groups, const std::vector<op::WindowAxis>& axes,
                   std::span<const std::int64_t> x, std::span<const std::int64_t> y) {
  ConvShape shape;
  shape.batch = narrow_dim(x[0]);
  shape.groups = narrow_dim(groups);
  shape.in_channels = narrow_dim(x[1]);
  shape.out_channels = narrow_dim(y[1]);
  TENON_REQUIRE(x[0] == y[0], "a convolution of {} images into {}", x[0], y[0]);
  TENON_REQUIRE(
      shape.groups > 0 && shape.in_channels % shape.groups == 0 && shape.out_channels % shape.groups == 0,
      "{} groups over {} and {} channels", groups, x[1], y[1]);
  const auto set = [&](const op::WindowAxis& a, int& in, int& out, int& taps, int& stride, int& dilation,
                       int& pad) {
    in = narrow_dim(a.input);
    out = narrow_dim(a.output);
    taps = narrow_dim(a.kernel);
    stride = narrow_dim(a.stride);
    dilation = narrow_dim(a.dilation);
    pad = narrow_dim(a.pad_begin);
  };
  shape.in_h = shape.out_h = 1;
  const std::size_t count = axes.size();
  if (count >= 2)
    set(axes[count - 2], shape.in_h, shape.out_h, shape.kernel_h, shape.stride_h, shape.dilation_h,
        shape.pad_top);
  if (count >= 3)
    set(axes[0], shape.in_d, shape.out_d, shape.kernel_d, shape.stride_d, shape.dilation_d, shape.pad_front);
  set(axes.back(), shape.in_w, shape.out_w, shape.kernel_w, shape.stride_w, shape.dilation_w, shape.pad_left);
  // Kernels count the pixels of an image, and the taps of an output, in ints.
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const auto fits = [](int a, int b, int c) {
    const std::int64_t plane = static_cast<std::int64_t>(b) * c;
    return plane <= kMost && (a == 0 || plane <= kMost / a);
  };
  TENON_REQUIRE(fits(shape.kernel_d, shape.kernel_h, shape.kernel_w),
                "a window of {} by {} by {} taps is beyond the range of the kernels", shape.kernel_d,
                shape.kernel_h, shape.kernel_w);
  const std::int64_t taps = static_cast<std::int64_t>(shape.kernel_d) * shape.kernel_h * shape.kernel_w;
  TENON_REQUIRE(fits(shape.in_d, shape.in_h, shape.in_w) && fits(shape.out_d, shape.out_h, shape.out_w) &&
                    taps * std::max(shape.in_channels, 1) <= kMost &&
                    taps * std::max(shape.out_channels, 1) <= kMost,
                "a convolution of {} by {} pixels with {} taps is beyond the range of the kernels",
                shape.in_h, shape.in_w, taps);
  return shape;
}

void require_axes(std::span<const std::int64_t> x, std::span<const std::int64_t> kernel,
                  std::span<const std::int64_t> y, std::size_t most) {
  TENON_REQUIRE(
      x.size() >= 3 && x.size() <= most + 2 && y.size() == x.size() && kernel.size() + 2 == x.size(),
      "a convolution over {} axes of {} dims", kernel.size(), x.size());
}

}  // namespace

ConvShape conv_shape(const op::Conv& op, std::span<const std::int64_t> x,
                     std::span<const std::int64_t> kernel, std::span<const std::int64_t> y,
                     std::size_t most_axes) {
  require_axes(x, kernel, y, most_axes);
  return assemble(op.group, resolve_checked(op::window_fields(op), x, kernel, y), x, y);
}

ConvShape conv_shape(const op::ConvTranspose& op, std::span<const std::int64_t> x,
                     std::span<const std::int64_t> kernel, std::span<const std::int64_t> y,
                     std::size_t most_axes) {
  require_axes(x, kernel, y, most_axes);
  require_window(op::window_fields(op), kernel);
  for (const auto* list : {&op.output_padding, &op.output_shape}) {
    TENON_REQUIRE(list->empty() || list->size() == kernel.size(),
                  "a transposed convolution with {} sizes for {} axes", list->size(), kernel.size());
    for (std::int64_t value : *list) static_cast<void>(narrow_dim(value));
  }
  for (std::int64_t dim : x) static_cast<void>(narrow_dim(dim));
  const auto axes = op::resolve_conv_transpose(op, x.subspan(2), kernel);
  require_in_range(axes);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    TENON_REQUIRE(axes[i].output == y[i + 2],
                  "a transposed convolution gives {} along axis {}, its result has {}", axes[i].output, i + 2,
                  y[i + 2]);
  }
  return assemble(op.group, axes, x, y);
}

}  // namespace tenon::cpu
