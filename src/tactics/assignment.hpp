// Assignment: what `choose` decided: a tactic, a configuration and layouts for every node, and the
// conversions between them.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"
#include "tactics/tactic.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tenon {

// One tactic that was looked at for a node, for `explain`.
struct Considered {
  std::string tactic;   // "cpu.conv_direct{oc=4}"
  std::string refused;  // the reason, empty when it was offered
  double estimate_ns = 0;
  double measured_ns = 0;  // 0: not timed
};

struct BodyChoice;

struct NodeChoice {
  NodeId node;
  const Tactic* tactic = nullptr;
  Candidate candidate;
  Problem problem;
  double ns = 0;  // measured, or estimated where nothing was measured
  bool measured = false;
  std::vector<Considered> considered;
  std::vector<BodyChoice> bodies;  // one per region, where the tactic runs them as lists of steps
};

// `value` is wanted in layout `to` by some consumer while its producer gives another; one conversion serves
// all consumers.
struct Conversion {
  ValueId value;
  Layout to;
  NodeChoice choice;  // of operator "reorder"; its node id is invalid
};

struct Assignment {
  std::vector<NodeChoice> nodes;  // constants have none
  std::vector<Conversion> conversions;
  std::unordered_map<ValueId, Layout> layouts;  // of values whose layout is not plain, as produced
  double total_ns = 0;

  const NodeChoice* find(NodeId node) const noexcept;
};

// What was decided inside a region, which is a graph of its own by now.
struct BodyChoice {
  std::shared_ptr<const Graph> graph;
  std::vector<ValueId> captures;  // of the graph around: the inputs of `graph` behind the region's parameters
  std::vector<PlanSymbol> symbols;  // of dims of these inputs that are known only while running
  Assignment assignment;
};

}  // namespace tenon
