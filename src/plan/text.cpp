#include "plan/plan.hpp"

#include <fmt/format.h>

#include <string>

namespace tenon {
namespace {

std::string where(const Plan& plan, const Buffer& buffer) {
  switch (buffer.storage) {
    case Buffer::Storage::arena: return fmt::format("arena+{}", buffer.offset);
    case Buffer::Storage::input: return fmt::format("input {}", plan.inputs.at(buffer.index).name);
    case Buffer::Storage::output: return fmt::format("output {}", plan.outputs.at(buffer.index).name);
    case Buffer::Storage::constant: return fmt::format("blob {}", buffer.index);
    case Buffer::Storage::alias:
      return buffer.offset == 0 ? fmt::format("alias of b{}", buffer.alias_of.value)
                                : fmt::format("alias of b{}+{}", buffer.alias_of.value, buffer.offset);
    case Buffer::Storage::dynamic: return "dynamic";
  }
  return "?";
}

std::string ids(const std::vector<BufferId>& buffers) {
  std::string text;
  for (BufferId id : buffers) {
    if (!text.empty()) text += ", ";
    text += id.valid() ? fmt::format("b{}", id.value) : "_";
  }
  return text;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text = fmt::format("plan @{} by {} for {}, {} thread{}\n", plan.network, plan.producer,
                                 plan.isa, plan.threads, plan.threads == 1 ? "" : "s");
  for (const PlanSymbol& symbol : plan.symbols) {
    text += fmt::format("  symbol {} in {}…{}…{}\n", symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  text += fmt::format("  arena {} bytes, floor {} bytes\n", plan.arena_bytes, plan.arena_floor);
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    text += fmt::format("  b{} {} : {}, {} bytes, {}\n", i, buffer.name.empty() ? "-" : buffer.name,
                        buffer.type.to_string(), buffer.bytes, where(plan, buffer));
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    text += fmt::format("  step {} ({}) = {}({})", i, ids(step.outputs), step.tactic, ids(step.inputs));
    if (step.scratch_bytes != 0)
      text += fmt::format(" scratch {}+{}", step.scratch_offset, step.scratch_bytes);
    if (step.serial) text += " serial";
    text += fmt::format("  \"{}\"\n", step.label);
  }
  return text;
}

}  // namespace tenon
