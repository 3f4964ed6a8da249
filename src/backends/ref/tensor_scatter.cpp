#include "ops/tensor_scatter.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_tensor_scatter(const Op& op, const Call& call) {
  const auto& self = *op.as<op::TensorScatter>();
  Tensor& out = call.out();
  const Tensor& update = call.in(1);
  copy_all(out, call.in(0));
  const auto axis = static_cast<std::size_t>(positive_axis(self.axis, out.rank()));
  const std::int64_t capacity = out.shape()[axis];
  const std::int64_t length = update.shape()[axis];
  std::vector<std::int64_t> begins(static_cast<std::size_t>(out.shape()[0]), 0);
  if (call.has(2)) begins = to_integers(call.in(2));
  TENON_REQUIRE(begins.size() == static_cast<std::size_t>(out.shape()[0]),
                "tensor_scatter: {} write indices for a batch of {}", begins.size(), out.shape()[0]);
  const bool circular = self.mode == op::TensorScatterMode::circular;
  for (const std::int64_t begin : begins) {
    TENON_REQUIRE(begin >= 0 && (circular ? length <= capacity : begin <= capacity - length),
                  "tensor_scatter: {} positions written from {} on into a cache of {}", length, begin,
                  capacity);
  }
  const std::vector<std::int64_t> strides = strides_of(out.shape());
  std::int64_t source = 0;
  for_each_index(update.shape(), [&](std::span<const std::int64_t> index) {
    const std::int64_t begin = begins[static_cast<std::size_t>(index[0])];
    const std::int64_t place = circular ? (begin % capacity + index[axis]) % capacity : begin + index[axis];
    copy_elements(out, dot(index, strides) + (place - index[axis]) * strides[axis], update, source++);
  });
}

}  // namespace
}  // namespace ref

void register_ref_tensor_scatter(ref::Registry& registry) {
  registry.add("tensor_scatter", ref::run_tensor_scatter);
}

}  // namespace tenon
