#include "passes/pass.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/attribute_text.hpp"

#include <fmt/format.h>

#include <utility>

namespace tenon {

PassContext::PassContext(OpEvaluator evaluator, std::uint64_t rule_order_seed,
                         std::optional<std::size_t> stop_after_rewrites)
    : evaluator_(std::move(evaluator)), limit_(stop_after_rewrites) {
  if (rule_order_seed != 0) random_.emplace(rule_order_seed);
}

void PassContext::apply(Graph& graph, Patch&& patch, std::string_view what) {
  TENON_CHECK(may_rewrite(), "{} rewrites beyond the limit of rewrites", what);
  last_rewrite_ = fmt::format("{} at {}", what, quote(graph.node(patch.root()).location));
  graph.apply(std::move(patch));
  ++rewrites_;
}

std::string Pass::to_string() const {
  return std::string(name()) + print_attributes(self_->options(), self_->default_options());
}

void PassRegistry::add(Pass prototype) {
  std::string name(prototype.name());
  const bool added = passes_.emplace(name, std::move(prototype)).second;
  TENON_CHECK(added, "the pass '{}' is registered twice", name);
}

const Pass* PassRegistry::find(std::string_view name) const noexcept {
  const auto found = passes_.find(name);
  return found == passes_.end() ? nullptr : &found->second;
}

std::vector<std::string> PassRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& entry : passes_) names.push_back(entry.first);
  return names;
}

const PassRegistry& builtin_passes() {
  static const PassRegistry registry = [] {
    PassRegistry filled;
    register_all_pass(filled);
    return filled;
  }();
  return registry;
}

}  // namespace tenon
