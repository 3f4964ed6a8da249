#include "backends/cpu/kernels/trees/trees.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::cpu {
namespace {

constexpr std::ptrdiff_t kLanes = 8;  // rows that walk together

bool tree_test_holds(const TreeNode& node, float x) noexcept {
  switch (node.test) {
    case 0: return x <= node.split;
    case 1: return x < node.split;
    case 2: return x >= node.split;
    case 3: return x > node.split;
    case 4: return x == node.split;
    default: return x != node.split;
  }
}

template <bool Plain>
std::int32_t tree_step(const TreeNode& node, const float* row) noexcept {
  const float x = row[node.feature];
  if constexpr (Plain) {
    return node.way[x <= node.split ? 1 : 0];
  } else {
    const bool missing = node.missing_is_true != 0 && std::isnan(x);
    return node.way[missing || tree_test_holds(node, x) ? 1 : 0];
  }
}

// The leaves that rows 0 … kLanes - 1 reach from `root`. A row that is there stays there.
template <bool Plain>
std::array<std::int32_t, kLanes> walk(const TreesArgs& args, std::int32_t root, const float* x) noexcept {
  std::array<std::int32_t, kLanes> at;
  at.fill(root);
  const TreeNode* nodes = args.nodes.data();
  for (bool moving = true; moving;) {
    std::int32_t moved = 0;
    for (std::ptrdiff_t lane = 0; lane < kLanes; ++lane) {
      const std::int32_t from = at[static_cast<std::size_t>(lane)];
      const std::int32_t to = tree_step<Plain>(nodes[from], x + lane * args.features);
      moved |= from ^ to;
      at[static_cast<std::size_t>(lane)] = to;
    }
    moving = moved != 0;
  }
  return at;
}

template <bool Plain>
std::int32_t walk_one(const TreesArgs& args, std::int32_t at, const float* row) noexcept {
  const TreeNode* nodes = args.nodes.data();
  while (nodes[at].leaf < 0) at = tree_step<Plain>(nodes[at], row);
  return at;
}

// Sums of kTreeRows rows, and which of them have a part.
struct TreeSums {
  double* value;
  std::uint8_t* given;
};

void add_leaf(const TreesArgs& args, std::int32_t node, const TreeSums& sums, std::ptrdiff_t row) noexcept {
  const auto leaf = static_cast<std::size_t>(args.nodes[static_cast<std::size_t>(node)].leaf);
  for (std::int32_t i = args.leaves[leaf]; i < args.leaves[leaf + 1]; ++i) {
    const std::ptrdiff_t at = row * args.targets + args.entries[static_cast<std::size_t>(i)];
    const double weight = args.weights[static_cast<std::size_t>(i)];
    double& value = sums.value[at];
    switch (args.sum) {
      case TreeSum::sum:
      case TreeSum::average: value += weight; break;
      case TreeSum::min: value = sums.given[at] != 0 ? std::min(value, weight) : weight; break;
      case TreeSum::max: value = sums.given[at] != 0 ? std::max(value, weight) : weight; break;
    }
    sums.given[at] = 1;
  }
}

template <bool Plain>
void trees_rows(const TreesArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end,
                std::byte* scratch) noexcept {
  const std::ptrdiff_t count = end - begin;
  const TreeSums sums{reinterpret_cast<double*>(scratch),
                      reinterpret_cast<std::uint8_t*>(scratch) +
                          kTreeRows * args.targets * static_cast<std::ptrdiff_t>(sizeof(double))};
  std::fill_n(sums.value, count * args.targets, 0.0);
  std::fill_n(sums.given, count * args.targets, std::uint8_t{0});
  const float* x = args.x + begin * args.features;
  // A tree stays in the cache while all rows walk it.
  for (const std::int32_t root : args.roots) {
    std::ptrdiff_t row = 0;
    for (; row + kLanes <= count; row += kLanes) {
      const auto leaves = walk<Plain>(args, root, x + row * args.features);
      for (std::ptrdiff_t lane = 0; lane < kLanes; ++lane)
        add_leaf(args, leaves[static_cast<std::size_t>(lane)], sums, row + lane);
    }
    for (; row < count; ++row)
      add_leaf(args, walk_one<Plain>(args, root, x + row * args.features), sums, row);
  }
  const bool average = args.sum == TreeSum::average && !args.roots.empty();
  const double divisor = average ? static_cast<double>(args.roots.size()) : 1;
  float* y = args.y + begin * args.targets;
  for (std::ptrdiff_t i = 0; i < count * args.targets; ++i)
    y[i] = static_cast<float>(average ? sums.value[i] / divisor : sums.value[i]);
}

}  // namespace

std::ptrdiff_t trees_scratch_bytes(std::ptrdiff_t targets) noexcept {
  const std::ptrdiff_t bytes = kTreeRows * targets * static_cast<std::ptrdiff_t>(sizeof(double) + 1);
  return (bytes + 63) / 64 * 64;
}

void trees_run(const TreesArgs& args, std::byte* scratch, ThreadPool& pool) noexcept {
  const std::ptrdiff_t blocks = (args.rows + kTreeRows - 1) / kTreeRows;
  if (blocks <= 0) return;
  const std::ptrdiff_t share = trees_scratch_bytes(args.targets);
  pool.run(static_cast<std::size_t>(blocks), [&](std::size_t block, int worker) {
    const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(block) * kTreeRows;
    const std::ptrdiff_t end = std::min(begin + kTreeRows, args.rows);
    (args.plain ? trees_rows<true> : trees_rows<false>)(args, begin, end, scratch + worker * share);
  });
}

}  // namespace tenon::cpu
