// Which nodes of an optimized graph do without a 16-bit type.
#pragma once

#include "ir/graph.hpp"

#include <tenon/builder.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

class HalfGuard {
 public:
  // `network`: as it is before its passes, of which the table has to be. ModelError for types other than bf16
  // and f16, for a table of another network, and for an override that fits no layer.
  HalfGuard(const Network& network, const HalfOptions& options);

  // Before the passes: values get the names by which the table knows them.
  void name_values(Graph& graph) const;

  // After the passes: why the node does without that type; empty: it does not.
  std::string reason(const Graph& graph, NodeId node, DataType type) const;

  // All nodes that do without one, in order.
  std::vector<KeptLayer> kept(const Graph& graph) const;

 private:
  const HalfOptions& options_;
  std::map<std::pair<DataType, std::string>, std::string> findings_;  // of a type and a value
  std::set<std::string> layers_;  // locations of those that overrides keep in f32
  std::set<std::string> values_;  // and what they compute
};

}  // namespace tenon
