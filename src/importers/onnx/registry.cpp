#include "importers/onnx/registry.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::onnx {

std::string qualified_name(std::string_view domain, std::string_view op_type) {
  return domain.empty() ? std::string(op_type) : fmt::format("{}.{}", domain, op_type);
}

void Registry::add(std::string_view op_type, Convert convert, Versions versions, std::string_view domain) {
  auto& list = entries_[qualified_name(domain, op_type)];
  for (const Entry& entry : list) {
    if (versions.since <= entry.versions.until && entry.versions.since <= versions.until) {
      throw InternalError(fmt::format("two converters for {} version {}", op_type, versions.since));
    }
  }
  list.push_back({versions, convert});
}

Convert Registry::find(std::string_view domain, std::string_view op_type, std::int64_t version) const {
  const auto found = entries_.find(qualified_name(domain, op_type));
  if (found == entries_.end()) return nullptr;
  for (const Entry& entry : found->second) {
    if (entry.versions.since <= version && version <= entry.versions.until) return entry.convert;
  }
  return nullptr;
}

bool Registry::knows(std::string_view domain, std::string_view op_type) const {
  return entries_.find(qualified_name(domain, op_type)) != entries_.end();
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [key, list] : entries_) names.push_back(key);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry converters;
    register_all_onnx(converters);
    return converters;
  }();
  return filled;
}

}  // namespace tenon::onnx
