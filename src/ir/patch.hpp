// Patch: an edit proposal over a Graph, applied atomically. Rewrite rules build one and return it; the pass manager
// applies it, counts it, and can stop after a given number.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"

namespace tenon {

class Patch final : public NodeBuilder {
 public:
  // New nodes will be placed just before `root`; their location is the root's until set_location().
  Patch(const Graph& graph, NodeId root);

  // Ids of proposed values are the ids that they will have once applied. ModelError when inference refuses.
  std::vector<ValueId> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) override;
  const Value& value(ValueId id) const override;
  const Tensor* constant(ValueId id) const noexcept override;

  // Every use of `from` (a value of the graph) becomes a use of `to`; the type must not become less specific
  // (InternalError when dtype or known dims change). `to` takes over `from`'s name when it has none.
  void replace(ValueId from, ValueId to);
  // Taps stay on the old value (a side copy) unless `keep_taps_on_old` is cleared: by default a tap moves to the new value only if
  // the rule says that the new value is numerically the same one.
  void move_taps(bool move) noexcept { move_taps_ = move; }

  bool empty() const noexcept { return nodes_.empty() && replacements_.empty(); }
  NodeId root() const noexcept { return root_; }

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
  std::vector<Value> values_;  // of proposed nodes
  std::vector<std::pair<ValueId, ValueId>> replacements_;
};

}  // namespace tenon
