#include "plan/plan.hpp"

#include <fmt/format.h>

#include <string>

namespace tenon {
namespace {

std::string where(const PlanProfile& profile, const Buffer& buffer) {
  switch (buffer.storage) {
    case Buffer::Storage::arena: return fmt::format("arena+{}", buffer.offset);
    case Buffer::Storage::input: return fmt::format("input {}", profile.inputs.at(buffer.index).name);
    case Buffer::Storage::output: return fmt::format("output {}", profile.outputs.at(buffer.index).name);
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

void add_profile(std::string& text, const PlanProfile& profile) {
  for (const PlanSymbol& symbol : profile.symbols) {
    text += fmt::format("  symbol {} in {}…{}…{}\n", symbol.name, symbol.min, symbol.opt, symbol.max);
  }
  text += fmt::format("  arena {} bytes, floor {} bytes\n", profile.arena_bytes, profile.arena_floor);
  for (std::size_t i = 0; i < profile.buffers.size(); ++i) {
    const Buffer& buffer = profile.buffers[i];
    text += fmt::format("  b{} {} : {}, {} bytes, {}\n", i, buffer.name.empty() ? "-" : buffer.name,
                        buffer.type.to_string(), buffer.bytes, where(profile, buffer));
  }
  for (std::size_t i = 0; i < profile.steps.size(); ++i) {
    const PlanStep& step = profile.steps[i];
    text += fmt::format("  step {} ({}) = {}({})", i, ids(step.outputs), step.tactic, ids(step.inputs));
    if (step.scratch_bytes != 0)
      text += fmt::format(" scratch {}+{}", step.scratch_offset, step.scratch_bytes);
    if (step.serial) text += " serial";
    text += fmt::format("  \"{}\"\n", step.label);
  }
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text = fmt::format("plan @{} by {} for {}, {} thread{}\n", plan.network, plan.producer,
                                 plan.isa, plan.threads, plan.threads == 1 ? "" : "s");
  for (std::size_t i = 0; i < plan.profiles.size(); ++i) {
    if (plan.profiles.size() > 1) text += fmt::format("profile {}\n", i);
    add_profile(text, plan.profiles[i]);
  }
  return text;
}

}  // namespace tenon
