#include "ops/constant_of_shape.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_constant_of_shape(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ConstantOfShape>();
  for (std::int64_t i = 0; i < call.out().elements(); ++i) copy_elements(call.out(), i, self.value, 0);
}

}  // namespace
}  // namespace ref

void register_ref_constant_of_shape(ref::Registry& registry) {
  registry.add("constant_of_shape", ref::run_constant_of_shape);
}

}  // namespace tenon
