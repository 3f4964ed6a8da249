// Assignment problems with costs on nodes and on pairs of neighbours (partitioned boolean quadratic
// problems).
//
// Reduction after Scholz and Eckstein, "Register Allocation for Irregular Architectures" (2002): nodes of
// degree one and two are eliminated without loss; what remains loses its node of highest degree to the label
// that looks best locally. Exact when the graph reduces completely (chains, trees, residual blocks).
#pragma once

#include <cstddef>
#include <vector>

namespace tenon {

class Pbqp {
 public:
  // Returns the node's index. At least one label; costs may be infinite, but not all of them.
  std::size_t add_node(std::vector<double> costs);
  // Adds cost[a_label][b_label]; repeated calls for a pair add up.
  void add_edge(std::size_t a, std::size_t b, const std::vector<std::vector<double>>& cost);

  struct Solution {
    std::vector<std::size_t> labels;
    bool exact = true;
  };
  Solution solve() const;

 private:
  struct Edge {
    std::size_t a, b;
    std::vector<std::vector<double>> cost;  // rows are labels of a
  };
  std::vector<std::vector<double>> nodes_;
  std::vector<Edge> edges_;
};

}  // namespace tenon
