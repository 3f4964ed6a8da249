#include "ops/registry.hpp"

namespace tenon {

const OpRegistry& builtin_ops() {
  static const OpRegistry registry = [] {
    OpRegistry filled;
    register_all_op(filled);
    return filled;
  }();
  return registry;
}

}  // namespace tenon
