#include "importers/caffe/registry.hpp"

#include "base/check.hpp"

namespace tenon::caffe {

void Registry::add(std::string_view type, LayerType entry) {
  TENON_CHECK(types_.emplace(type, entry).second, "two converters for {}", type);
}

const LayerType* Registry::find(std::string_view type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : types_) names.push_back(name);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry converters;
    register_all_caffe(converters);
    return converters;
  }();
  return filled;
}

}  // namespace tenon::caffe
