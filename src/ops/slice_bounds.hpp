// Which elements a slice of one axis takes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tenon::op {

struct SliceBounds {
  std::int64_t start = 0;  // of the first element, when there is one
  std::int64_t count = 0;
};

// Elements start, start + step, … before `end` of an axis of `extent` elements; negative positions count from
// the end, all are clamped, step is not 0. Any int64 values are fine.
constexpr SliceBounds slice_bounds(std::int64_t extent, std::int64_t start, std::int64_t end,
                                   std::int64_t step) {
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? extent : extent - 1;
  const auto clamped = [=](std::int64_t position) {
    if (position < 0) position = std::max(position, -extent - 1) + extent;
    return std::clamp(position, low, std::max(low, high));
  };
  const std::int64_t first = clamped(start);
  const std::int64_t last = clamped(end);
  const std::int64_t distance = step > 0 ? last - first : first - last;
  if (distance <= 0) return {first, 0};
  // The magnitude of the smallest int64 only fits the unsigned type.
  const std::uint64_t stride =
      step > 0 ? static_cast<std::uint64_t>(step) : 0U - static_cast<std::uint64_t>(step);
  return {first, static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride + 1)};
}

}  // namespace tenon::op
