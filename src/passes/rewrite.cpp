// The driver of rewrite rules: a worklist to a fixpoint.
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "passes/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace tenon {
namespace {

// A value with more users than this does not become somebody's own when one of them goes.
constexpr std::size_t kFewUses = 4;

class RewriteDriver {
 public:
  RewriteDriver(Graph& graph, std::vector<const Rule*> rules, PassContext& pass)
      : graph_(graph), pass_(pass), context_(graph, pass), rules_(std::move(rules)) {
    pass_.shuffle(rules_);
  }

  bool run() {
    for (const NodeId id : graph_.all_nodes()) push(id);
    // Rules that undo each other would never end; no sound set of rules comes near this.
    const std::size_t limit = pass_.rewrites() + 64 * (graph_.node_count() + 64);
    bool changed = false;
    while (!work_.empty()) {
      const NodeId id = work_.front();
      work_.pop_front();
      queued_[id.value] = false;
      while (graph_.node(id).alive && rewrite_node(id)) {
        changed = true;
        TENON_CHECK(pass_.rewrites() < limit, "the rules do not come to an end; the last one was {}",
                    pass_.last_rewrite());
      }
      if (!pass_.may_rewrite()) break;
    }
    return changed;
  }

 private:
  const std::vector<const Rule*>& rules_for(std::string_view op) {
    const auto found = by_op_.find(op);
    if (found != by_op_.end()) return found->second;
    auto& list = by_op_[std::string(op)];
    for (const Rule* rule : rules_) {
      if (rule->roots.empty() || std::find(rule->roots.begin(), rule->roots.end(), op) != rule->roots.end()) {
        list.push_back(rule);
      }
    }
    return list;
  }

  bool rewrite_node(NodeId id) {
    if (context_.only_for_taps(id)) return false;
    for (const Rule* rule : rules_for(graph_.node(id).op.name())) {
      if (!pass_.may_rewrite()) return false;
      const bool applied = in_context([&] { return apply(*rule, id); },
                                      [&] {
                                        return fmt::format("applying the rule {} at {}", rule->name,
                                                           quote(graph_.node(id).location));
                                      });
      if (applied) return true;
    }
    return false;
  }

  bool apply(const Rule& rule, NodeId id) {
    std::optional<Patch> patch = rule.apply(graph_, id, context_);
    if (!patch || patch->empty()) return false;
    const auto replacements = patch->replacements();
    const auto first_new = static_cast<std::uint32_t>(graph_.node_limit());
    pass_.apply(graph_, *std::move(patch), rule.name);

    for (std::uint32_t i = first_new; i < graph_.node_limit(); ++i) push(NodeId{i});
    for (const auto& [from, to] : replacements) {
      push_users(to, 2);
      push_neighbours(to);
      remove_if_dead(graph_.value(from).producer);
    }
    // The root itself may have become something else.
    if (replacements.empty()) {
      for (const ValueId output : graph_.node(id).outputs) push_users(output, 2);
    }
    remove_if_dead(id);
    return true;
  }

  void push(NodeId id) {
    if (!id.valid() || !graph_.node(id).alive) return;
    if (queued_.size() <= id.value) queued_.resize(graph_.node_limit(), false);
    if (queued_[id.value]) return;
    queued_[id.value] = true;
    work_.push_back(id);
  }

  // Rules look at operands and at what defines those, so a change reaches two levels of users.
  void push_users(ValueId id, int levels = 1) {
    for (const Use& use : graph_.value(id).uses) {
      const NodeId user = use.is_result() ? graph_.region(use.region).owner : use.node;
      push(user);
      if (levels == 1 || !user.valid()) continue;
      for (const ValueId output : graph_.node(user).outputs) push_users(output, levels - 1);
    }
  }

  // What defines a value, and what defines and uses that node's operands: their number of users may have
  // changed.
  void push_neighbours(ValueId id) {
    const NodeId producer = graph_.value(id).producer;
    push(producer);
    if (!producer.valid()) return;
    for (const ValueId input : graph_.node(producer).inputs) {
      if (!input.valid()) continue;
      push(graph_.value(input).producer);
      if (graph_.value(input).uses.size() <= kFewUses) push_users(input);
    }
  }

  void remove_if_dead(NodeId id) {
    std::vector<NodeId> candidates{id};
    while (!candidates.empty()) {
      const NodeId candidate = candidates.back();
      candidates.pop_back();
      if (!candidate.valid() || !graph_.node(candidate).alive || !graph_.is_unused(candidate)) continue;
      const std::vector<ValueId> inputs = graph_.node(candidate).inputs;
      graph_.erase(candidate);
      for (const ValueId input : inputs) {
        if (!input.valid()) continue;
        candidates.push_back(graph_.value(input).producer);
        // Who is left may now be the only user.
        if (graph_.value(input).uses.size() <= kFewUses) push_users(input);
        push(graph_.value(input).producer);
      }
    }
  }

  Graph& graph_;
  PassContext& pass_;
  RuleContext context_;
  std::vector<const Rule*> rules_;
  std::map<std::string, std::vector<const Rule*>, std::less<>> by_op_;
  std::deque<NodeId> work_;
  std::vector<bool> queued_;
};

}  // namespace

bool rewrite(Graph& graph, std::vector<const Rule*> rules, PassContext& context) {
  return RewriteDriver(graph, std::move(rules), context).run();
}

}  // namespace tenon
