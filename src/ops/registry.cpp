#include "ops/registry.hpp"

#include "ir/constant.hpp"

namespace tenon {

const OpRegistry& builtin_ops() {
  static const OpRegistry registry = [] {
    OpRegistry filled;
    filled.add<op::Constant>();
    register_all_op(filled);
    return filled;
  }();
  return registry;
}

}  // namespace tenon
