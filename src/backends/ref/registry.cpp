#include "backends/ref/registry.hpp"

#include "base/check.hpp"

namespace tenon::ref {

void Registry::add(std::string_view op_name, Kernel kernel) {
  const bool added = kernels_.emplace(op_name, kernel).second;
  TENON_CHECK(added, "the reference kernel '{}' is registered twice", op_name);
}

Kernel Registry::find(std::string_view op_name) const noexcept {
  const auto found = kernels_.find(op_name);
  return found == kernels_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& entry : kernels_) names.push_back(entry.first);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry all;
    register_all_ref(all);
    return all;
  }();
  return filled;
}

}  // namespace tenon::ref
