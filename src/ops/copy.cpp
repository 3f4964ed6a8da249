#include "ops/copy.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tenon {
namespace op {

std::optional<MemorySpace> parse_memory_space(std::string_view text) {
  if (text == "host") return MemorySpace{MemorySpace::Kind::host, 0};
  if (text == "pinned") return MemorySpace{MemorySpace::Kind::pinned, 0};
  constexpr std::string_view kPrefix = "device";
  if (text.substr(0, kPrefix.size()) != kPrefix) return {};
  text.remove_prefix(kPrefix.size());
  MemorySpace space{MemorySpace::Kind::device, 0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), space.device);
  if (error != std::errc{} || end != text.data() + text.size() || space.device < 0) return {};
  return space;
}

std::vector<Inference> Copy::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  if (!parse_memory_space(space)) {
    context.fail(fmt::format("space '{}', expected host, pinned or device<n>", space));
  }
  return {context.type(0)};
}

}  // namespace op

void register_op_copy(OpRegistry& registry) { registry.add<op::Copy>(); }

}  // namespace tenon
