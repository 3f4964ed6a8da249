#include "ops/max_unpool.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_max_unpool(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::MaxUnpool>();
  const Tensor& x = call.in(0);
  Tensor& y = call.out();
  Shape shape = x.shape();
  for (std::size_t i = 0; i < fields.kernel.size(); ++i)
    shape[i + 2] = fields.default_extent(i, shape[i + 2]).value();
  TENON_REQUIRE(y.shape().size() == shape.size(), "max_unpool: a shape of rank {}, expected {}", y.rank(),
                shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    TENON_REQUIRE(shape[i] >= 0 && shape[i] <= y.shape()[i],
                  "max_unpool: {} elements along axis {} do not fit {}", shape[i], i, y.shape()[i]);
  }
  const std::int64_t room = element_count(shape);
  const auto indices = call.in(1).values<std::int64_t>();
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    std::int64_t at = indices[static_cast<std::size_t>(i)];
    TENON_REQUIRE(at >= 0 && at < room, "max_unpool: index {} is outside of {} elements", at, room);
    // From the default shape to the result's.
    std::int64_t position = 0;
    std::int64_t stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      position += at % shape[axis] * stride;
      at /= shape[axis];
      stride *= y.shape()[axis];
    }
    copy_elements(y, position, x, i);
  }
}

}  // namespace
}  // namespace ref

void register_ref_max_unpool(ref::Registry& registry) { registry.add("max_unpool", ref::run_max_unpool); }

}  // namespace tenon
