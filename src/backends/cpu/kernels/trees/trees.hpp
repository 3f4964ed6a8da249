// Decision trees over rows of f32: each row walks down every tree, and the weights of the leaves that it
// reaches are added up. One form for all machines: a walk is a chain of loads, and what hides their latency
// is that eight rows walk the same tree at a time.
//
// Nodes lie in one table in which a node stands before those it leads to. A leaf is a node that leads to
// itself. Row r goes from node n to
//     way[ x[r, feature] <= split ]    less_equal, and for the other tests as their names say;
//     way[1] where x is NaN and missing_is_true is set.
// Sums are kept in f64 and rounded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct TreeNode {
  float split = 0;
  std::int32_t feature = 0;
  std::int32_t way[2] = {0, 0};  // if the test fails, if it holds
  std::uint8_t test = 0;         // as op::TreeTest
  std::uint8_t missing_is_true = 0;
  std::uint16_t unused = 0;
  std::int32_t leaf = -1;  // ≥ 0: which leaf this is
};

enum class TreeSum : std::uint8_t { sum, average, min, max };

struct TreesArgs {
  const float* x = nullptr;  // [rows, features]
  float* y = nullptr;        // [rows, targets]
  std::ptrdiff_t rows = 0, features = 0, targets = 0;
  std::span<const TreeNode> nodes;
  std::span<const std::int32_t> roots;    // nodes
  std::span<const std::int32_t> leaves;   // leaf i: entries leaves[i] … leaves[i + 1] - 1
  std::span<const std::int32_t> entries;  // target of each entry
  std::span<const float> weights;         // of each entry
  TreeSum sum = TreeSum::sum;
  bool plain = false;  // every test is less_equal and no missing_is_true is set
};

// Rows that one task takes; scratch for so many per worker.
inline constexpr std::ptrdiff_t kTreeRows = 64;
// More would make the scratch memory large.
inline constexpr std::ptrdiff_t kMostTreeTargets = 1 << 16;
// Scratch of one worker: sums, and for min and max which targets have one.
std::ptrdiff_t trees_scratch_bytes(std::ptrdiff_t targets) noexcept;

// `scratch`: pool.size() times trees_scratch_bytes().
void trees_run(const TreesArgs& args, std::byte* scratch, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
