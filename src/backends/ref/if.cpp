#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

void run_if(const Op&, const Call& call) {
  const auto condition = call.in(0).values<bool>();
  TENON_REQUIRE(condition.size() == 1, "if: the condition has {} elements, expected one", condition.size());
  std::vector<Data> results = call.run_region(condition[0] ? 0 : 1, {});
  for (std::size_t i = 0; i < results.size(); ++i) call.outputs[i] = std::move(results[i]);
}

}  // namespace
}  // namespace ref

void register_ref_if(ref::Registry& registry) { registry.add("if", ref::run_if); }

}  // namespace tenon
