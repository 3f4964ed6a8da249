#include "importers/tensorflow/registry.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::tensorflow {

void Registry::add(std::string_view op, Convert convert, std::initializer_list<std::string_view> outputs) {
  if (!entries_.emplace(std::string(op), Converter{convert, outputs}).second)
    throw InternalError(fmt::format("two converters for {}", op));
}

const Converter* Registry::find(std::string_view op) const {
  const auto found = entries_.find(op);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry.first);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry converters;
    register_all_tensorflow(converters);
    return converters;
  }();
  return filled;
}

}  // namespace tenon::tensorflow
