#include "backends/cpu/steps/conv_geometry.hpp"

#include <limits>

#include "base/check.hpp"

namespace tenon::cpu {
namespace {

int narrow(std::int64_t value) {
  TENON_REQUIRE(value >= 0 && value <= std::numeric_limits<int>::max(), "a dim of {} is out of a kernel's range", value);
  return static_cast<int>(value);
}

}  // namespace

ConvShape conv_shape(const op::Conv& op, std::span<const std::int64_t> x, std::span<const std::int64_t> kernel,
                     std::span<const std::int64_t> y) {
  TENON_REQUIRE((x.size() == 3 || x.size() == 4) && y.size() == x.size() && kernel.size() + 2 == x.size(),
                "a convolution over {} axes of {} dims", kernel.size(), x.size());
  const auto axes = op::resolve_window(op::window_fields(op), x.subspan(2), kernel);
  ConvShape shape;
  shape.batch = narrow(x[0]);
  shape.groups = narrow(op.group);
  shape.in_channels = narrow(x[1]);
  shape.out_channels = narrow(y[1]);
  TENON_REQUIRE(shape.groups > 0 && shape.in_channels % shape.groups == 0 && shape.out_channels % shape.groups == 0,
                "{} groups over {} and {} channels", op.group, x[1], y[1]);
  const auto set = [&](std::size_t axis, int& in, int& out, int& taps, int& stride, int& dilation, int& pad) {
    const op::WindowAxis& a = axes[axis];
    TENON_REQUIRE(a.output == y[axis + 2], "a convolution gives {} along axis {}, its output has {}", a.output, axis + 2,
                  y[axis + 2]);
    in = narrow(a.input);
    out = narrow(a.output);
    taps = narrow(a.kernel);
    stride = narrow(a.stride);
    dilation = narrow(a.dilation);
    pad = static_cast<int>(a.pad_begin);
  };
  std::size_t axis = 0;
  if (axes.size() == 2) {
    set(axis++, shape.in_h, shape.out_h, shape.kernel_h, shape.stride_h, shape.dilation_h, shape.pad_top);
  } else {
    shape.in_h = shape.out_h = 1;
  }
  set(axis, shape.in_w, shape.out_w, shape.kernel_w, shape.stride_w, shape.dilation_w, shape.pad_left);
  return shape;
}

}  // namespace tenon::cpu
