// Patch: an edit proposal over a Graph, applied atomically. Rewrite rules build one and return it; the pass
// manager applies it, counts it, and can stop after a given number.
#pragma once

#include "ir/graph.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

class Patch final : public NodeBuilder {
 public:
  // New nodes will be placed just before `root`; their location is the root's until set_location().
  Patch(const Graph& graph, NodeId root);

  // Ids of proposed values are the ids that they will have once applied. ModelError when inference refuses.
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) override;
  const Value& value(ValueId id) const override;
  const Tensor* constant(ValueId id) const noexcept override;

  // Every use of `from` (a value of the graph) but those by this patch's own nodes becomes a use of `to`; the
  // type must not become less specific (InternalError unless can_replace). `to` takes over `from`'s name when
  // it has none.
  void replace(ValueId from, ValueId to);
  // True when `to` has the dtype, layout and quantization of `from` and every dim that is known of `from`.
  bool can_replace(ValueId from, ValueId to) const;
  // Taps stay on the old value, which then lives on as a side copy, unless the rule says with move_taps(true)
  // that the new value is bit for bit the same.
  void move_taps(bool move) noexcept { move_taps_ = move; }

  // The nodes of `region`, which the root owns and which has no parameters, will stand just before the root,
  // behind the patch's own, and keep their ids. What stands for the root's outputs is said with replace().
  void splice(RegionId region);

  // The root stays what it is, regions included, but with these attributes and at the patch's location.
  void change_root(Op op) { changed_ = std::move(op); }

  bool empty() const noexcept { return nodes_.empty() && replacements_.empty() && !changed_; }
  NodeId root() const noexcept { return root_; }
  const std::vector<std::pair<ValueId, ValueId>>& replacements() const noexcept { return replacements_; }

 private:
  friend class Graph;
  struct Proposed {
    Op op;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;
    std::vector<Inference> inferred;
    std::string location;
  };
  const Graph& graph_;
  NodeId root_;
  std::uint64_t version_;
  bool move_taps_ = false;
  std::vector<Proposed> nodes_;
  std::vector<RegionId> spliced_;
  std::optional<Op> changed_;
  std::vector<Value> values_;  // of proposed nodes
  std::vector<std::pair<ValueId, ValueId>> replacements_;
};

// True when a value of type `to` may stand wherever one of type `from` stood.
bool is_refinement(const Type& from, const Type& to);

}  // namespace tenon
