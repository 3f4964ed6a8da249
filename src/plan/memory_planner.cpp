#include "plan/memory_planner.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace tenon {
namespace {

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

bool overlap_in_time(const MemoryRequest& a, const MemoryRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

// Lowest gap between the already placed requests that live at the same time.
std::uint64_t lowest_fit(const std::vector<MemoryRequest>& requests,
                         const std::vector<std::uint64_t>& offsets,
                         const std::vector<std::size_t>& placed_by_offset, std::size_t item) {
  std::uint64_t candidate = 0;
  for (std::size_t other : placed_by_offset) {
    if (!overlap_in_time(requests[item], requests[other])) continue;
    if (candidate + aligned(requests[item].bytes) <= offsets[other]) break;
    candidate = std::max(candidate, offsets[other] + aligned(requests[other].bytes));
  }
  return candidate;
}

MemoryPlan place(const std::vector<MemoryRequest>& requests, const std::vector<std::size_t>& order) {
  MemoryPlan plan;
  plan.offsets.assign(requests.size(), 0);
  std::vector<std::size_t> placed;  // sorted by offset
  for (std::size_t item : order) {
    if (requests[item].bytes == 0) continue;
    plan.offsets[item] = lowest_fit(requests, plan.offsets, placed, item);
    plan.arena_bytes = std::max(plan.arena_bytes, plan.offsets[item] + aligned(requests[item].bytes));
    const auto at = std::upper_bound(placed.begin(), placed.end(), item, [&](std::size_t a, std::size_t b) {
      return plan.offsets[a] < plan.offsets[b];
    });
    placed.insert(at, item);
  }
  return plan;
}

std::uint64_t floor_of(const std::vector<MemoryRequest>& requests) {
  // Sweep over the ends of lifetimes.
  std::vector<std::pair<std::uint64_t, std::int64_t>>
      events;  // (2·step + leaving, ±bytes): arrivals before departures
  for (const MemoryRequest& request : requests) {
    const auto bytes = static_cast<std::int64_t>(aligned(request.bytes));
    events.emplace_back(std::uint64_t{2} * request.first, bytes);
    events.emplace_back(std::uint64_t{2} * request.last + 1, -bytes);
  }
  std::sort(events.begin(), events.end());
  std::int64_t live = 0, peak = 0;
  for (const auto& [when, change] : events) {
    live += change;
    peak = std::max(peak, live);
  }
  return static_cast<std::uint64_t>(peak);
}

}  // namespace

MemoryPlan plan_memory(const std::vector<MemoryRequest>& requests) {
  using Less = std::function<bool(const MemoryRequest&, const MemoryRequest&)>;
  const auto span = [](const MemoryRequest& r) { return std::uint64_t{1} + r.last - r.first; };
  const std::vector<Less> orders = {
      [](const auto& a, const auto& b) { return a.bytes > b.bytes; },
      [&](const auto& a, const auto& b) { return a.bytes * span(a) > b.bytes * span(b); },
      [&](const auto& a, const auto& b) { return std::pair(span(a), a.bytes) > std::pair(span(b), b.bytes); },
      [](const auto& a, const auto& b) { return std::pair(a.first, b.bytes) < std::pair(b.first, a.bytes); },
      [](const auto& a, const auto& b) { return std::pair(a.last, a.bytes) > std::pair(b.last, b.bytes); },
  };
  const std::uint64_t floor = floor_of(requests);
  MemoryPlan best;
  best.offsets.assign(requests.size(), 0);
  bool found = false;
  for (const Less& less : orders) {
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return less(requests[a], requests[b]); });
    MemoryPlan plan = place(requests, order);
    if (!found || plan.arena_bytes < best.arena_bytes) best = std::move(plan);
    found = true;
    if (best.arena_bytes == floor) break;
  }
  best.floor_bytes = floor;
  return best;
}

}  // namespace tenon
