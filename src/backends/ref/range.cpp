#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

namespace tenon {
namespace ref {
namespace {

void run_range(const Op&, const Call& call) {
  dispatch_numeric(call.in(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto start = widen(elements<T>(call.in(0))[0]);
    const auto delta = widen(elements<T>(call.in(2))[0]);
    const auto out = mutable_elements<T>(call.out());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = narrow<T>(start + static_cast<Wide<T>>(i) * delta);
  });
}

}  // namespace
}  // namespace ref

void register_ref_range(ref::Registry& registry) { registry.add("range", ref::run_range); }

}  // namespace tenon
