// cse: nodes that compute the same from the same are merged, constants included. A node sees those before it
// in its own region and in the regions around it.
#include "base/hash.hpp"
#include "passes/pass.hpp"

#include <unordered_map>
#include <utility>

namespace tenon {
namespace {

std::uint64_t hash_node(const Node& node) {
  Hasher hasher;
  hasher.add(node.op.hash()).add(node.outputs.size());
  for (const ValueId input : node.inputs) hasher.add(input.value);
  return hasher.value();
}

bool computes_the_same(const Node& a, const Node& b) {
  return a.inputs == b.inputs && a.outputs.size() == b.outputs.size() && a.op == b.op;
}

struct MergeEqual {
  static constexpr std::string_view kName = "cse";
  static constexpr std::string_view kSummary = "merges nodes that compute the same";
  static constexpr auto fields() { return std::make_tuple(); }

  using Seen = std::unordered_multimap<std::uint64_t, NodeId>;

  bool run(Graph& graph, PassContext& context) const {
    Seen seen;
    return merge_region(graph, graph.body(), seen, context);
  }

 private:
  static bool merge_region(Graph& graph, RegionId region, Seen& seen, PassContext& context) {
    bool changed = false;
    std::vector<std::pair<std::uint64_t, NodeId>> added;
    for (const NodeId id : graph.nodes(region)) {
      for (const RegionId nested : std::vector<RegionId>(graph.node(id).regions)) {
        changed = merge_region(graph, nested, seen, context) || changed;
      }
      const Node& node = graph.node(id);
      if (node.op.traits().has_regions || !node.op.traits().deterministic) continue;
      const std::uint64_t key = hash_node(node);
      if (merge_node(graph, id, key, seen, context)) {
        changed = true;
      } else {
        seen.emplace(key, id);
        added.emplace_back(key, id);
      }
      if (!context.may_rewrite()) break;
    }
    for (const auto& [key, id] : added) forget(seen, key, id);
    return changed;
  }

  static void forget(Seen& seen, std::uint64_t key, NodeId id) {
    auto [it, end] = seen.equal_range(key);
    while (it != end && it->second != id) ++it;
    seen.erase(it);
  }

  static bool merge_node(Graph& graph, NodeId id, std::uint64_t key, const Seen& seen, PassContext& context) {
    const Node& node = graph.node(id);
    const auto [begin, end] = seen.equal_range(key);
    for (auto it = begin; it != end; ++it) {
      const Node& earlier = graph.node(it->second);
      if (!computes_the_same(earlier, node)) continue;
      Patch patch(graph, id);
      for (std::size_t i = 0; i < node.outputs.size(); ++i)
        patch.replace(node.outputs[i], earlier.outputs[i]);
      patch.move_taps(true);
      context.apply(graph, std::move(patch), kName);
      graph.erase(id);
      return true;
    }
    return false;
  }
};

}  // namespace

void register_pass_cse(PassRegistry& registry) { registry.add(MergeEqual{}); }

}  // namespace tenon
