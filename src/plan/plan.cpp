#include "plan/plan.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"
#include "plan/memory_planner.hpp"

#include <tenon/error.hpp>

#include <optional>
#include <unordered_map>

namespace tenon {
namespace {

// Finds the place of a blob among others of its type and content.
class BlobIndex {
 public:
  explicit BlobIndex(std::vector<Tensor>& blobs) : blobs_(blobs) {
    for (std::size_t i = 0; i < blobs.size(); ++i) by_hash_.emplace(hash(blobs[i]), i);
  }

  std::uint32_t place(const Tensor& blob) {
    const std::uint64_t key = hash(blob);
    for (auto [first, last] = by_hash_.equal_range(key); first != last; ++first) {
      if (blobs_[first->second].identical(blob)) return static_cast<std::uint32_t>(first->second);
    }
    by_hash_.emplace(key, blobs_.size());
    blobs_.push_back(blob);
    return static_cast<std::uint32_t>(blobs_.size() - 1);
  }

 private:
  static std::uint64_t hash(const Tensor& blob) { return hash64(blob.data(), blob.size_bytes()); }

  std::vector<Tensor>& blobs_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
};

void move_blobs(StepList& list, const std::vector<std::uint32_t>& places) {
  for (Buffer& buffer : list.buffers) {
    if (buffer.storage == Buffer::Storage::constant) buffer.index = places.at(buffer.index);
  }
  for (PlanStep& step : list.steps) {
    for (std::uint32_t& blob : step.weights) blob = places.at(blob);
    for (StepList& body : step.bodies) move_blobs(body, places);
  }
}

}  // namespace

BufferId root_buffer(const StepList& list, BufferId id) {
  while (list.buffer(id).storage == Buffer::Storage::alias) id = list.buffer(id).alias_of;
  return id;
}

Placement place_list(const StepList& list, const std::vector<std::uint64_t>& buffer_bytes,
                     const std::vector<std::uint64_t>& scratch_bytes) {
  std::vector<std::optional<MemoryRequest>> lifetimes(list.buffers.size());
  for (std::uint32_t i = 0; i < list.steps.size(); ++i) {
    for (const auto* ids : {&list.steps[i].inputs, &list.steps[i].outputs}) {
      for (const BufferId id : *ids) {
        if (!id.valid()) continue;
        const BufferId root = root_buffer(list, id);
        if (list.buffer(root).storage != Buffer::Storage::arena) continue;
        auto& life = lifetimes[root.value];
        if (!life) life = MemoryRequest{buffer_bytes[root.value], i, i};
        life->last = i;
      }
    }
  }
  Placement placement{std::vector<std::uint64_t>(list.buffers.size(), 0),
                      std::vector<std::uint64_t>(list.steps.size(), 0), 0, 0};
  std::vector<MemoryRequest> requests;
  std::vector<std::uint64_t*> targets;
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    if (!lifetimes[i]) continue;
    requests.push_back(*lifetimes[i]);
    targets.push_back(&placement.buffers[i]);
  }
  for (std::uint32_t i = 0; i < scratch_bytes.size(); ++i) {
    if (scratch_bytes[i] == 0) continue;
    requests.push_back({scratch_bytes[i], i, i});
    targets.push_back(&placement.scratch[i]);
  }
  const MemoryPlan memory = plan_memory(requests);
  for (std::size_t i = 0; i < targets.size(); ++i) *targets[i] = memory.offsets[i];
  placement.arena_bytes = memory.arena_bytes;
  placement.arena_floor = memory.floor_bytes;
  return placement;
}

void add_profiles(Plan& plan, Plan other) {
  TENON_CHECK(plan.isa == other.isa && plan.threads == other.threads, "profiles of plans for other machines");
  BlobIndex blobs(plan.blobs);
  std::vector<std::uint32_t> places;
  places.reserve(other.blobs.size());
  for (const Tensor& blob : other.blobs) places.push_back(blobs.place(blob));
  for (PlanProfile& profile : other.profiles) {
    move_blobs(profile, places);
    plan.profiles.push_back(std::move(profile));
  }
}

}  // namespace tenon
