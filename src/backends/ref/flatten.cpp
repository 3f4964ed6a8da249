#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_flatten(const Op&, const Call& call) { copy_all(call.out(), call.in(0)); }

}  // namespace
}  // namespace ref

void register_ref_flatten(ref::Registry& registry) { registry.add("flatten", ref::run_flatten); }

}  // namespace tenon
