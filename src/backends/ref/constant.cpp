#include "ir/constant.hpp"

#include "backends/ref/ref.hpp"

namespace tenon {
namespace ref {
namespace {

// Shares the memory: constants may be large.
void run_constant(const Op& op, const Call& call) { call.outputs[0] = op.as<op::Constant>()->value; }

}  // namespace
}  // namespace ref

void register_ref_constant(ref::Registry& registry) { registry.add("constant", ref::run_constant); }

}  // namespace tenon
