#include "ops/registry.hpp"

#include "ir/constant.hpp"

#include <utility>

namespace tenon {

namespace {

OpRegistry& shared_ops() {
  static OpRegistry registry = [] {
    OpRegistry filled;
    filled.add<op::Constant>();
    register_all_op(filled);
    return filled;
  }();
  return registry;
}

}  // namespace

const OpRegistry& builtin_ops() { return shared_ops(); }

void extend_builtin_ops(Op prototype) { shared_ops().add(std::move(prototype)); }

}  // namespace tenon
