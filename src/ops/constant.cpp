// The operator itself belongs to the IR (ir/constant.hpp): Graph and Patch look into it.
#include "ir/constant.hpp"

namespace tenon {

void register_op_constant(OpRegistry& registry) { registry.add<op::Constant>(); }

}  // namespace tenon
