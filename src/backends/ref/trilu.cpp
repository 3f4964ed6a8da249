#include "ops/trilu.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_trilu(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Trilu>();
  const std::int64_t k = call.has(1) ? int_scalar(call.in(1)) : self.k.value_or(0);
  const std::vector<std::int64_t> strides = strides_of(call.in(0).shape());
  clear(call.out());
  gather_into(call.out(), call.in(0), [&](auto index) {
    const std::int64_t diagonal = index[index.size() - 1] - index[index.size() - 2];
    const bool keep = self.upper ? diagonal >= k : diagonal <= k;
    return keep ? dot(index, strides) : std::int64_t{-1};
  });
}

}  // namespace
}  // namespace ref

void register_ref_trilu(ref::Registry& registry) { registry.add("trilu", ref::run_trilu); }

}  // namespace tenon
