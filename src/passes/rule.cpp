#include "passes/rule.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tenon {

NodeId RuleContext::only_user(ValueId id) const {
  NodeId user;
  for (const Use& use : graph_.value(id).uses) {
    if (use.is_result()) return {};
    if (use.node == user || only_for_taps(use.node)) continue;
    if (user.valid()) return {};
    user = use.node;
  }
  return user;
}

bool RuleContext::only_for_taps(NodeId id) const {
  if (graph_.taps().empty()) return false;
  if (needed_.empty() || version_ != graph_.version()) {
    needed_ = graph_.live_nodes(false);
    version_ = graph_.version();
  }
  return !needed_[id.value];
}

void RuleRegistry::add(Rule rule) {
  for (const Rule& known : rules_)
    TENON_CHECK(known.name != rule.name, "the rule '{}' is registered twice", rule.name);
  rules_.push_back(std::move(rule));
}

std::vector<const Rule*> RuleRegistry::groups(std::initializer_list<std::string_view> names) const {
  std::vector<const Rule*> result;
  for (const Rule& rule : rules_) {
    if (std::find(names.begin(), names.end(), rule.group) != names.end()) result.push_back(&rule);
  }
  return result;
}

std::vector<const Rule*> RuleRegistry::named(const std::vector<std::string>& names) const {
  std::vector<const Rule*> result;
  std::vector<std::string> known;
  for (const Rule& rule : rules_) known.emplace_back(rule.name);
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    TENON_REQUIRE(found != known.end(), "there is no rule {}{}", quote(name), did_you_mean(name, known));
    result.push_back(&rules_[static_cast<std::size_t>(found - known.begin())]);
  }
  return result;
}

const RuleRegistry& builtin_rules() {
  static const RuleRegistry registry = [] {
    RuleRegistry filled;
    register_all_rule(filled);
    return filled;
  }();
  return registry;
}

}  // namespace tenon
