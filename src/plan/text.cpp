#include "plan/plan.hpp"

#include <fmt/format.h>

#include <string>

namespace tenon {
namespace {

std::string where(const StepList& list, const Buffer& buffer) {
  switch (buffer.storage) {
    case Buffer::Storage::arena: return fmt::format("arena+{}", buffer.offset);
    case Buffer::Storage::input: return fmt::format("input {}", list.inputs.at(buffer.index).name);
    case Buffer::Storage::output: return fmt::format("output {}", list.outputs.at(buffer.index).name);
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

void add_list(std::string& text, const StepList& list, const std::string& indent) {
  for (const PlanSymbol& symbol : list.symbols) {
    text += fmt::format("{}symbol {} in {}…{}…{}\n", indent, symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  text += list.placed
              ? fmt::format("{}arena {} bytes, floor {} bytes\n", indent, list.arena_bytes, list.arena_floor)
              : fmt::format("{}placed when shapes are known\n", indent);
  for (std::size_t i = 0; i < list.buffers.size(); ++i) {
    const Buffer& buffer = list.buffers[i];
    text += fmt::format("{}b{} {} : {}, {} bytes, {}\n", indent, i, buffer.name.empty() ? "-" : buffer.name,
                        buffer.type.to_string(), buffer.bytes, where(list, buffer));
  }
  for (std::size_t i = 0; i < list.steps.size(); ++i) {
    const PlanStep& step = list.steps[i];
    text +=
        fmt::format("{}step {} ({}) = {}({})", indent, i, ids(step.outputs), step.tactic, ids(step.inputs));
    if (step.scratch_bytes != 0)
      text += fmt::format(" scratch {}+{}", step.scratch_offset, step.scratch_bytes);
    if (step.serial) text += " serial";
    text += fmt::format("  \"{}\"\n", step.label);
    for (std::size_t body = 0; body < step.bodies.size(); ++body) {
      text += fmt::format("{}  body {}\n", indent, body);
      add_list(text, step.bodies[body], indent + "    ");
    }
  }
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text = fmt::format("plan @{} by {} for {}, {} thread{}\n", plan.network, plan.producer,
                                 plan.isa, plan.threads, plan.threads == 1 ? "" : "s");
  for (std::size_t i = 0; i < plan.profiles.size(); ++i) {
    if (plan.profiles.size() > 1) text += fmt::format("profile {}\n", i);
    add_list(text, plan.profiles[i], "  ");
  }
  return text;
}

}  // namespace tenon
