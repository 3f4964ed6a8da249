#include "tactics/pbqp.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace tenon {
namespace {

using Matrix = std::vector<std::vector<double>>;

Matrix transposed(const Matrix& m) {
  Matrix t(m.front().size(), std::vector<double>(m.size()));
  for (std::size_t i = 0; i < m.size(); ++i) {
    for (std::size_t j = 0; j < m[i].size(); ++j) t[j][i] = m[i][j];
  }
  return t;
}

class Reducer {
 public:
  explicit Reducer(std::vector<std::vector<double>> nodes)
      : costs_(std::move(nodes)), neighbours_(costs_.size()) {}

  void add(std::size_t a, std::size_t b, const Matrix& cost) {
    add_half(a, b, cost);
    add_half(b, a, transposed(cost));
  }

  Pbqp::Solution run() {
    std::vector<bool> gone(costs_.size(), false);
    for (std::size_t left = costs_.size(); left > 0; --left) {
      const std::size_t node = pick(gone);
      gone[node] = true;
      eliminate(node);
    }
    Pbqp::Solution solution{std::vector<std::size_t>(costs_.size(), 0), exact_};
    for (auto step = order_.rbegin(); step != order_.rend(); ++step) {
      std::vector<double> total = step->costs;
      for (const auto& [other, cost] : step->edges) {
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += cost[i][solution.labels[other]];
      }
      solution.labels[step->node] =
          static_cast<std::size_t>(std::min_element(total.begin(), total.end()) - total.begin());
    }
    return solution;
  }

 private:
  struct Step {
    std::size_t node;
    std::vector<double> costs;
    std::map<std::size_t, Matrix> edges;
  };

  void add_half(std::size_t a, std::size_t b, const Matrix& cost) {
    auto [entry, inserted] = neighbours_[a].emplace(b, cost);
    if (inserted) return;
    for (std::size_t i = 0; i < cost.size(); ++i) {
      for (std::size_t j = 0; j < cost[i].size(); ++j) entry->second[i][j] += cost[i][j];
    }
  }

  // Lowest degree up to two, else the highest.
  std::size_t pick(const std::vector<bool>& gone) const {
    std::size_t low = costs_.size(), high = costs_.size();
    for (std::size_t i = 0; i < costs_.size(); ++i) {
      if (gone[i]) continue;
      if (low == costs_.size() || neighbours_[i].size() < neighbours_[low].size()) low = i;
      if (high == costs_.size() || neighbours_[i].size() > neighbours_[high].size()) high = i;
    }
    return neighbours_[low].size() <= 2 ? low : high;
  }

  void eliminate(std::size_t node) {
    std::map<std::size_t, Matrix> edges = std::move(neighbours_[node]);
    neighbours_[node].clear();
    for (const auto& [other, cost] : edges) neighbours_[other].erase(node);
    order_.push_back({node, costs_[node], edges});
    if (edges.size() == 1) {
      fold_into_neighbour(costs_[node], *edges.begin());
    } else if (edges.size() == 2) {
      fold_into_edge(costs_[node], *edges.begin(), *std::next(edges.begin()));
    } else if (edges.size() > 2) {
      fix_label(node, edges);
    }
  }

  void fold_into_neighbour(const std::vector<double>& costs,
                           const std::pair<const std::size_t, Matrix>& edge) {
    std::vector<double>& target = costs_[edge.first];
    for (std::size_t j = 0; j < target.size(); ++j) {
      double best = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < costs.size(); ++i) best = std::min(best, costs[i] + edge.second[i][j]);
      target[j] += best;
    }
  }

  void fold_into_edge(const std::vector<double>& costs, const std::pair<const std::size_t, Matrix>& first,
                      const std::pair<const std::size_t, Matrix>& second) {
    Matrix folded(costs_[first.first].size(), std::vector<double>(costs_[second.first].size()));
    for (std::size_t a = 0; a < folded.size(); ++a) {
      for (std::size_t b = 0; b < folded[a].size(); ++b) {
        double best = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < costs.size(); ++i) {
          best = std::min(best, costs[i] + first.second[i][a] + second.second[i][b]);
        }
        folded[a][b] = best;
      }
    }
    add(first.first, second.first, folded);
  }

  // Heuristic: the label with the least sum of own cost and best reply of each neighbour.
  void fix_label(std::size_t node, const std::map<std::size_t, Matrix>& edges) {
    exact_ = false;
    std::size_t best_label = 0;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < costs_[node].size(); ++i) {
      double total = costs_[node][i];
      for (const auto& [other, cost] : edges) {
        double reply = std::numeric_limits<double>::infinity();
        for (std::size_t j = 0; j < costs_[other].size(); ++j)
          reply = std::min(reply, cost[i][j] + costs_[other][j]);
        total += reply;
      }
      if (total < best) {
        best = total;
        best_label = i;
      }
    }
    for (std::size_t i = 0; i < order_.back().costs.size(); ++i) {
      if (i != best_label) order_.back().costs[i] = std::numeric_limits<double>::infinity();
    }
    for (const auto& [other, cost] : edges) {
      for (std::size_t j = 0; j < costs_[other].size(); ++j) costs_[other][j] += cost[best_label][j];
    }
  }

  std::vector<std::vector<double>> costs_;
  std::vector<std::map<std::size_t, Matrix>> neighbours_;
  std::vector<Step> order_;
  bool exact_ = true;
};

}  // namespace

std::size_t Pbqp::add_node(std::vector<double> costs) {
  TENON_CHECK(!costs.empty(), "a node needs a label");
  nodes_.push_back(std::move(costs));
  return nodes_.size() - 1;
}

void Pbqp::add_edge(std::size_t a, std::size_t b, const std::vector<std::vector<double>>& cost) {
  TENON_CHECK(a < nodes_.size() && b < nodes_.size() && a != b, "an edge between two nodes");
  TENON_CHECK(cost.size() == nodes_[a].size() && cost.front().size() == nodes_[b].size(),
              "a cost for every pair of labels");
  edges_.push_back({a, b, cost});
}

Pbqp::Solution Pbqp::solve() const {
  Reducer reducer(nodes_);
  for (const Edge& edge : edges_) reducer.add(edge.a, edge.b, edge.cost);
  return reducer.run();
}

}  // namespace tenon
