#include "ops/pad.hpp"

#include "backends/ref/elements.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

// Where the element comes from that stands at `position` relative to an axis of `extent` elements; -1 for the
// pad value.
std::int64_t padded_position(std::int64_t position, std::int64_t extent, op::PadMode mode) {
  if (position >= 0 && position < extent) return position;
  switch (mode) {
    case op::PadMode::constant: return -1;
    case op::PadMode::edge: return std::clamp<std::int64_t>(position, 0, extent - 1);
    case op::PadMode::wrap: return (position % extent + extent) % extent;
    case op::PadMode::reflect: {
      if (extent == 1) return 0;
      const std::int64_t period = 2 * (extent - 1);
      const std::int64_t phase = (position % period + period) % period;
      return std::min(phase, period - phase);
    }
  }
  return -1;
}

void run_pad(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Pad>();
  const Tensor& data = call.in(0);
  Tensor& out = call.out();
  const auto pads = int_list(self.pads, call, 1);
  const auto axes = int_list(self.axes, call, 3);
  std::vector<std::int64_t> begins(data.shape().size(), 0);
  const std::size_t padded = pads->size() / 2;
  for (std::size_t i = 0; i < padded; ++i) {
    begins[axes ? static_cast<std::size_t>(positive_axis((*axes)[i], data.rank())) : i] = (*pads)[i];
  }
  clear(out);
  if (self.mode == op::PadMode::constant && call.has(2)) {
    for (std::int64_t i = 0; i < out.elements(); ++i) copy_elements(out, i, call.in(2), 0);
  }
  const std::vector<std::int64_t> strides = strides_of(data.shape());
  gather_into(out, data, [&](auto index) {
    std::int64_t source = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::int64_t position = padded_position(index[i] - begins[i], data.shape()[i], self.mode);
      if (position < 0) return std::int64_t{-1};
      source += position * strides[i];
    }
    return source;
  });
}

}  // namespace
}  // namespace ref

void register_ref_pad(ref::Registry& registry) { registry.add("pad", ref::run_pad); }

}  // namespace tenon
