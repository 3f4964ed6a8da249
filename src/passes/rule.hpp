// Rewrite rules: local patterns that propose a patch. One rule a file, in passes/rules/.
#pragma once

#include "passes/pass.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// What rules ask about the graph around a node.
class RuleContext {
 public:
  RuleContext(const Graph& graph, const PassContext& pass) : graph_(graph), pass_(pass) {}

  const OpEvaluator& evaluator() const noexcept { return pass_.evaluator(); }

  // The one node that has every use of the value; invalid when there are several or none, or when a region
  // returns it. Nodes that only taps keep alive do not count, so that watching a value does not change what
  // becomes of it.
  NodeId only_user(ValueId id) const;

  // True when no output of the graph needs the node. Rules leave such nodes alone: a tap shows the value as
  // it was.
  bool only_for_taps(NodeId id) const;

 private:
  const Graph& graph_;
  const PassContext& pass_;
  mutable std::uint64_t version_ = 0;
  mutable std::vector<bool> needed_;  // by node; computed when the graph has taps
};

struct Rule {
  std::string_view name;           // "fold_batch_norm"
  std::string_view group;          // the rewriting pass that runs it
  std::string_view summary;        // one line
  std::vector<std::string> roots;  // names of the operators it looks at; empty: all
  // The proposal for `root`, or nothing. Must not be given a chance to undo what another rule does.
  std::optional<Patch> (*apply)(const Graph& graph, NodeId root, const RuleContext& context);
};

class RuleRegistry {
 public:
  void add(Rule rule);  // InternalError when the name is taken
  const std::vector<Rule>& all() const noexcept { return rules_; }
  std::vector<const Rule*> groups(
      std::initializer_list<std::string_view> names) const;  // in the order of registration
  std::vector<const Rule*> named(
      const std::vector<std::string>& names) const;  // ModelError when one is unknown

 private:
  std::vector<Rule> rules_;
};

// Filled on first use from the entries of src/passes/CMakeLists.txt; thread-safe.
const RuleRegistry& builtin_rules();

// Generated: calls register_rule_<entry>(registry) for every entry.
void register_all_rule(RuleRegistry& registry);

// Applies the rules until none fits any more, and removes what becomes dead on the way. True when something
// changed.
bool rewrite(Graph& graph, std::vector<const Rule*> rules, PassContext& context);

}  // namespace tenon
