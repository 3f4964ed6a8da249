#include "backends/cpu/steps/windows.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace tenon::cpu {
namespace {

constexpr std::int64_t kLargest = 1 << 28;

void require_list(std::span<const std::int64_t> list, std::string_view what, std::size_t expected,
                  std::int64_t least) {
  TENON_REQUIRE(list.empty() || list.size() == expected, "a window of {} axes with {} numbers for its {}",
                expected, list.size(), what);
  for (std::int64_t value : list)
    TENON_REQUIRE(value >= least && value <= kLargest, "a window with a {} of {}", what, value);
}

}  // namespace

void require_window(const op::WindowFields& fields, std::span<const std::int64_t> kernel) {
  require_list(fields.stride, "stride", kernel.size(), 1);
  require_list(fields.dilation, "dilation", kernel.size(), 1);
  require_list(fields.pad, "pad", 2 * kernel.size(), 0);
  require_list(kernel, "kernel", kernel.size(), 1);
}

std::optional<RowWindow> rows_of_windows(const op::WindowFields& fields,
                                         std::span<const std::int64_t> kernel) {
  if (kernel.size() != 2 || fields.auto_pad != op::AutoPad::explicit_pads) return std::nullopt;
  require_window(fields, kernel);
  const std::int64_t dilation = fields.dilation.empty() ? 1 : fields.dilation[0];
  return RowWindow{fields.stride.empty() ? 1 : fields.stride[0], fields.pad.empty() ? 0 : fields.pad[0],
                   (kernel[0] - 1) * dilation + 1};
}

void require_in_range(const std::vector<op::WindowAxis>& axes) {
  for (const op::WindowAxis& a : axes) {
    TENON_REQUIRE(a.input >= 0 && a.input <= kLargest && a.output >= 0 && a.output <= kLargest &&
                      a.extent() <= kLargest && a.pad_begin >= 0 && a.pad_begin <= kLargest &&
                      a.output * a.stride <= 4 * kLargest,
                  "a window over {} elements with a result of {} is beyond the range of the kernels", a.input,
                  a.output);
  }
}

std::vector<op::WindowAxis> resolve_checked(const op::WindowFields& fields, std::span<const std::int64_t> x,
                                            std::span<const std::int64_t> kernel,
                                            std::span<const std::int64_t> y) {
  TENON_REQUIRE(x.size() >= 3 && y.size() == x.size() && kernel.size() + 2 == x.size(),
                "a window over {} axes of {} dims", kernel.size(), x.size());
  require_window(fields, kernel);
  auto axes = op::resolve_window(fields, x.subspan(2), kernel);
  require_in_range(axes);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    TENON_REQUIRE(axes[i].output == y[i + 2], "a window gives {} along axis {}, the result has {}",
                  axes[i].output, i + 2, y[i + 2]);
  }
  return axes;
}

}  // namespace tenon::cpu
