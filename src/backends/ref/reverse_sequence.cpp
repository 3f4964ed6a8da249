#include "ops/reverse_sequence.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_reverse_sequence(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ReverseSequence>();
  const Tensor& data = call.in(0);
  const std::vector<std::int64_t> lengths = to_integers(call.in(1));
  const std::vector<std::int64_t> strides = strides_of(data.shape());
  const auto time = static_cast<std::size_t>(self.time_axis);
  const auto batch = static_cast<std::size_t>(self.batch_axis);
  for (const std::int64_t length : lengths) {
    TENON_REQUIRE(length >= 0 && length <= data.shape()[time], "reverse_sequence: length {} of {} steps",
                  length, data.shape()[time]);
  }
  gather_into(call.out(), data, [&](auto index) {
    const std::int64_t length = lengths[static_cast<std::size_t>(index[batch])];
    const std::int64_t step = index[time];
    return dot(index, strides) + (step < length ? length - 1 - 2 * step : 0) * strides[time];
  });
}

}  // namespace
}  // namespace ref

void register_ref_reverse_sequence(ref::Registry& registry) {
  registry.add("reverse_sequence", ref::run_reverse_sequence);
}

}  // namespace tenon
