#include "ops/compress.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_compress(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Compress>();
  const Tensor data = self.axis ? call.in(0) : call.in(0).reshaped({call.in(0).elements()});
  const std::int64_t axis = self.axis ? positive_axis(*self.axis, data.rank()) : 0;
  const std::int64_t extent = data.shape()[static_cast<std::size_t>(axis)];
  const auto condition = call.in(1).values<bool>();
  TENON_REQUIRE(call.in(1).elements() <= extent, "compress: a condition of {} elements for an axis of {}",
                call.in(1).elements(), extent);
  std::vector<Tensor> kept;
  for (std::int64_t i = 0; i < call.in(1).elements(); ++i) {
    if (condition[static_cast<std::size_t>(i)]) kept.push_back(axis_range(data, axis, i, 1));
  }
  Shape shape = data.shape();
  shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(kept.size());
  Tensor out(data.dtype(), std::move(shape));
  concat_into(out, kept, axis);
  call.outputs[0] = std::move(out);
}

}  // namespace
}  // namespace ref

void register_ref_compress(ref::Registry& registry) { registry.add("compress", ref::run_compress); }

}  // namespace tenon
