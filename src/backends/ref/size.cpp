#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_size(const Op&, const Call& call) {
  call.out().mutable_values<std::int64_t>()[0] = call.in(0).elements();
}

}  // namespace
}  // namespace ref

void register_ref_size(ref::Registry& registry) { registry.add("size", ref::run_size); }

}  // namespace tenon
