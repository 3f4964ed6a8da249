#include "importers/uff/registry.hpp"

#include "base/check.hpp"

namespace tenon::uff {

void Registry::add(std::string_view operation, Convert convert) {
  TENON_CHECK(entries_.emplace(operation, convert).second, "two converters for {}", operation);
}

Convert Registry::find(std::string_view operation) const {
  const auto found = entries_.find(operation);
  return found == entries_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, convert] : entries_) names.push_back(name);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry converters;
    register_all_uff(converters);
    return converters;
  }();
  return filled;
}

}  // namespace tenon::uff
