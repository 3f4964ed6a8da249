#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_tile(const Op&, const Call& call) {
  const Shape& shape = call.in(0).shape();
  const std::vector<std::int64_t> strides = strides_of(shape);
  gather_into(call.out(), call.in(0), [&](auto index) {
    std::int64_t source = 0;
    for (std::size_t i = 0; i < index.size(); ++i) source += index[i] % shape[i] * strides[i];
    return source;
  });
}

}  // namespace
}  // namespace ref

void register_ref_tile(ref::Registry& registry) { registry.add("tile", ref::run_tile); }

}  // namespace tenon
