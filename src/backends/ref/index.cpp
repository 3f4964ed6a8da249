#include "backends/ref/index.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace tenon::ref {

std::vector<std::int64_t> strides_of(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

std::vector<std::int64_t> broadcast_strides(std::span<const std::int64_t> from,
                                            std::span<const std::int64_t> to) {
  TENON_REQUIRE(from.size() <= to.size(), "a tensor of rank {} cannot be broadcast to rank {}", from.size(),
                to.size());
  const std::vector<std::int64_t> own = strides_of(from);
  std::vector<std::int64_t> strides(to.size(), 0);
  const std::size_t offset = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    TENON_REQUIRE(from[i] == 1 || from[i] == to[offset + i], "a dim of {} cannot be broadcast to {}", from[i],
                  to[offset + i]);
    strides[offset + i] = from[i] == 1 ? 0 : own[i];
  }
  return strides;
}

Shape broadcast_shape(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    TENON_REQUIRE(x == y || x == 1 || y == 1, "dims {} and {} cannot be broadcast together", x, y);
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

AxisView axis_view(std::span<const std::int64_t> shape, std::int64_t axis) {
  AxisView view;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto a = static_cast<std::int64_t>(i);
    (a < axis ? view.outer : a == axis ? view.size : view.inner) *= shape[i];
  }
  return view;
}

}  // namespace tenon::ref
