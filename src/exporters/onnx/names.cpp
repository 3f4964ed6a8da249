#include "exporters/onnx/names.hpp"

#include <fmt/format.h>

namespace tenon::onnx_export {

std::string Names::unique(std::string_view hint) {
  const std::string_view base = hint.empty() ? std::string_view("value") : hint;
  if (reserve(base)) return std::string(base);
  std::size_t& next = next_.try_emplace(std::string(base), 1).first->second;
  while (true) {
    std::string name = fmt::format("{}_{}", base, next++);
    if (reserve(name)) return name;
  }
}

}  // namespace tenon::onnx_export
