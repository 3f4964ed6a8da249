#include "importers/tflite/registry.hpp"

#include "base/check.hpp"

namespace tenon::tflite {

void Registry::add(std::int32_t code, std::string_view name, Convert convert, Handles handles) {
  TENON_CHECK(entries_.emplace(code, Converter{name, convert, handles}).second, "two converters for {}",
              name);
}

const Converter* Registry::find(std::int32_t code) const {
  const auto found = entries_.find(code);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Registry::names() const {
  std::vector<std::string_view> names;
  for (const auto& [code, converter] : entries_) names.push_back(converter.name);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry converters;
    register_all_tflite(converters);
    return converters;
  }();
  return filled;
}

}  // namespace tenon::tflite
