#include "tactics/pbqp.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tenon {
namespace {

struct Instance {
  std::vector<std::vector<double>> nodes;
  struct Edge {
    std::size_t a, b;
    std::vector<std::vector<double>> cost;
  };
  std::vector<Edge> edges;

  double cost(const std::vector<std::size_t>& labels) const {
    double total = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) total += nodes[i][labels[i]];
    for (const Edge& edge : edges) total += edge.cost[labels[edge.a]][labels[edge.b]];
    return total;
  }

  double best() const {
    std::vector<std::size_t> labels(nodes.size(), 0);
    double best = std::numeric_limits<double>::infinity();
    while (true) {
      best = std::min(best, cost(labels));
      std::size_t i = 0;
      while (i < labels.size() && ++labels[i] == nodes[i].size()) labels[i++] = 0;
      if (i == labels.size()) return best;
    }
  }

  Pbqp::Solution solve() const {
    Pbqp pbqp;
    for (const auto& costs : nodes) pbqp.add_node(costs);
    for (const Edge& edge : edges) pbqp.add_edge(edge.a, edge.b, edge.cost);
    return pbqp.solve();
  }
};

Instance random_instance(Random& random, std::size_t count,
                         const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  Instance instance;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<double> costs(static_cast<std::size_t>(random.between(1, 4)));
    for (double& cost : costs) cost = static_cast<double>(random.between(0, 100));
    instance.nodes.push_back(costs);
  }
  for (auto [a, b] : edges) {
    std::vector<std::vector<double>> cost(instance.nodes[a].size(),
                                          std::vector<double>(instance.nodes[b].size()));
    for (auto& row : cost) {
      for (double& c : row) c = static_cast<double>(random.between(0, 60));
    }
    instance.edges.push_back({a, b, cost});
  }
  return instance;
}

TEST(Pbqp, ChainsWithSkipsAreSolvedExactly) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    // Residual blocks: 0-1-2-3 with 0-3, 3-4-5-6 with 3-6.
    const Instance instance =
        random_instance(random, 7, {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 4}, {4, 5}, {5, 6}, {3, 6}});
    const Pbqp::Solution solution = instance.solve();
    EXPECT_TRUE(solution.exact);
    EXPECT_DOUBLE_EQ(instance.cost(solution.labels), instance.best());
  }
}

TEST(Pbqp, ParallelEdgesAddUp) {
  Instance instance;
  instance.nodes = {{0, 0}, {0, 1}};
  instance.edges = {{0, 1, {{5, 0}, {0, 5}}}, {1, 0, {{5, 0}, {0, 5}}}};
  const Pbqp::Solution solution = instance.solve();
  EXPECT_EQ(solution.labels, (std::vector<std::size_t>{1, 0}));
}

TEST(Pbqp, DenseGraphsAreHeuristicAndSaySo) {
  Random random(7);
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < i; ++j) all.emplace_back(j, i);
  }
  const Instance instance = random_instance(random, 6, all);
  const Pbqp::Solution solution = instance.solve();
  EXPECT_FALSE(solution.exact);
  EXPECT_LE(instance.cost(solution.labels), instance.best() * 1.5);
}

}  // namespace
}  // namespace tenon
