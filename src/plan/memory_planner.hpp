// Places buffers with known lifetimes into one arena.
#pragma once

#include <cstdint>
#include <vector>

namespace tenon {

// Live from step `first` to step `last`, both included.
struct MemoryRequest {
  std::uint64_t bytes = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

struct MemoryPlan {
  std::vector<std::uint64_t> offsets;  // one per request, multiples of kArenaAlignment
  std::uint64_t arena_bytes = 0;
  std::uint64_t floor_bytes = 0;  // maximum over steps of the bytes live there: no plan can do with less
};

inline constexpr std::uint64_t kArenaAlignment = 64;

// Greedy placement at the lowest offset that fits, in several orders (by size, by lifetime × size, by time);
// the smallest arena wins. This is the offset-assignment heuristic of Pisarchyk and Lee, "Efficient Memory
// Management for Deep Neural Net Inference" (2020), with more orders tried. Deterministic. O(n² log n) for n
// requests.
MemoryPlan plan_memory(const std::vector<MemoryRequest>& requests);

}  // namespace tenon
