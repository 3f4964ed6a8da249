#include "ops/eye_like.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_eye_like(const Op& op, const Call& call) {
  const auto& self = *op.as<op::EyeLike>();
  Tensor& out = call.out();
  std::vector<double> values;
  for_each_index(out.shape(), [&](std::span<const std::int64_t> index) {
    values.push_back(index[1] - index[0] == self.k ? 1 : 0);
  });
  store_doubles(values, out);
}

}  // namespace
}  // namespace ref

void register_ref_eye_like(ref::Registry& registry) { registry.add("eye_like", ref::run_eye_like); }

}  // namespace tenon
