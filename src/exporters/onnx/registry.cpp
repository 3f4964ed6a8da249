#include "exporters/onnx/registry.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::onnx_export {

void Registry::add(std::string_view op, Write write) {
  if (!writers_.emplace(op, write).second) throw InternalError(fmt::format("two ONNX writers for {}", op));
}

Write Registry::find(std::string_view op) const {
  const auto found = writers_.find(op);
  return found == writers_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, write] : writers_) names.push_back(name);
  return names;
}

const Registry& registry() {
  static const Registry filled = [] {
    Registry writers;
    register_all_onnx_export(writers);
    return writers;
  }();
  return filled;
}

}  // namespace tenon::onnx_export
