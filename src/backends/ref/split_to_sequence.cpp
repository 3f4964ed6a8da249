#include "ops/split_to_sequence.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

std::vector<std::int64_t> part_sizes(const Call& call, std::int64_t extent) {
  const bool uniform = !call.has(1) || call.in(1).rank() == 0;
  if (!uniform) {
    std::vector<std::int64_t> sizes = to_integers(call.in(1));
    std::int64_t sum = 0;
    for (const std::int64_t size : sizes) {
      TENON_REQUIRE(size >= 0 && size <= extent - sum, "split_to_sequence: parts [{}] of an axis of {}",
                    join(sizes), extent);
      sum += size;
    }
    TENON_REQUIRE(sum == extent, "split_to_sequence: parts [{}] of an axis of {}", join(sizes), extent);
    return sizes;
  }
  const std::int64_t size = call.has(1) ? int_scalar(call.in(1)) : 1;
  TENON_REQUIRE(size > 0, "split_to_sequence: parts of {} elements", size);
  std::vector<std::int64_t> sizes;
  for (std::int64_t begin = 0; begin < extent; begin += size) sizes.push_back(std::min(size, extent - begin));
  return sizes;
}

void run_split_to_sequence(const Op& op, const Call& call) {
  const auto& self = *op.as<op::SplitToSequence>();
  const Tensor& data = call.in(0);
  const std::int64_t axis = positive_axis(self.axis, data.rank());
  const std::int64_t extent = data.shape()[static_cast<std::size_t>(axis)];
  SequenceData parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : part_sizes(call, extent)) {
    Tensor part = axis_range(data, axis, begin, size);
    if (!call.has(1) && !self.keep_dims) {
      Shape shape = part.shape();
      shape.erase(shape.begin() + axis);
      part = part.reshaped(std::move(shape));
    }
    parts.elements.emplace_back(std::move(part));
    begin += size;
  }
  call.outputs[0] = std::move(parts);
}

}  // namespace
}  // namespace ref

void register_ref_split_to_sequence(ref::Registry& registry) {
  registry.add("split_to_sequence", ref::run_split_to_sequence);
}

}  // namespace tenon
