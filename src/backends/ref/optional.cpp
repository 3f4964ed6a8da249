#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_optional(const Op&, const Call& call) { call.outputs[0] = call.has(0) ? call.inputs[0] : Data(); }

void run_optional_get_element(const Op&, const Call& call) {
  TENON_REQUIRE(call.has(0), "optional_get_element: the optional is empty");
  call.outputs[0] = call.inputs[0];
}

void run_optional_has_element(const Op&, const Call& call) {
  call.out().mutable_values<bool>()[0] = call.has(0);
}

}  // namespace
}  // namespace ref

void register_ref_optional(ref::Registry& registry) {
  registry.add("optional", ref::run_optional);
  registry.add("optional_get_element", ref::run_optional_get_element);
  registry.add("optional_has_element", ref::run_optional_has_element);
}

}  // namespace tenon
