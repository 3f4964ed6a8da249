#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_reshape(const Op&, const Call& call) { copy_all(call.out(), call.in(0)); }

}  // namespace
}  // namespace ref

void register_ref_reshape(ref::Registry& registry) { registry.add("reshape", ref::run_reshape); }

}  // namespace tenon
