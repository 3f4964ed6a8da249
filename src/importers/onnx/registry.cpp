#include "importers/onnx/registry.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx {

std::string qualified_name(std::string_view domain, std::string_view op_type) {
  return domain.empty() ? std::string(op_type) : fmt::format("{}.{}", domain, op_type);
}

void Registry::add(std::string_view op_type, Convert convert, Versions versions, std::string_view domain) {
  auto& list = entries_[{std::string(domain), std::string(op_type)}];
  for (const Entry& entry : list) {
    if (versions.since <= entry.versions.until && entry.versions.since <= versions.until) {
      throw InternalError(fmt::format("two converters for {} version {}", op_type, versions.since));
    }
  }
  list.push_back({versions, convert});
}

Convert Registry::find(std::string_view domain, std::string_view op_type, std::int64_t version) const {
  const auto found = entries_.find({std::string(domain), std::string(op_type)});
  if (found == entries_.end()) return nullptr;
  for (const Entry& entry : found->second) {
    if (entry.versions.since <= version && version <= entry.versions.until) return entry.convert;
  }
  return nullptr;
}

bool Registry::knows(std::string_view domain, std::string_view op_type) const {
  return entries_.count({std::string(domain), std::string(op_type)}) != 0;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [key, list] : entries_) names.push_back(qualified_name(key.first, key.second));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Registry::Operator> Registry::operators() const {
  std::vector<Operator> operators;
  for (const auto& [key, list] : entries_) {
    Operator& added = operators.emplace_back(Operator{key.first, key.second, {}});
    std::vector<Versions> ranges;
    for (const Entry& entry : list) ranges.push_back(entry.versions);
    std::sort(ranges.begin(), ranges.end(),
              [](const Versions& a, const Versions& b) { return a.since < b.since; });
    for (const Versions& range : ranges) {
      if (!added.versions.empty() && added.versions.back().until + 1 == range.since) {
        added.versions.back().until = range.until;
      } else {
        added.versions.push_back(range);
      }
    }
  }
  return operators;
}

std::string to_string(const std::vector<Versions>& versions) {
  std::string text;
  for (const Versions& range : versions) {
    if (!text.empty()) text += ", ";
    if (range.until == Versions().until) {
      text += fmt::format("since {}", range.since);
    } else {
      text += range.since == range.until ? fmt::format("{}", range.since)
                                         : fmt::format("{} to {}", range.since, range.until);
    }
  }
  return text;
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
