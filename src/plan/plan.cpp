#include "plan/plan.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

#include <tenon/error.hpp>

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

}  // namespace

BufferId root_buffer(const PlanProfile& profile, BufferId id) {
  while (profile.buffer(id).storage == Buffer::Storage::alias) id = profile.buffer(id).alias_of;
  return id;
}

void add_profiles(Plan& plan, Plan other) {
  TENON_CHECK(plan.isa == other.isa && plan.threads == other.threads, "profiles of plans for other machines");
  BlobIndex blobs(plan.blobs);
  std::vector<std::uint32_t> places;
  places.reserve(other.blobs.size());
  for (const Tensor& blob : other.blobs) places.push_back(blobs.place(blob));
  for (PlanProfile& profile : other.profiles) {
    for (Buffer& buffer : profile.buffers) {
      if (buffer.storage == Buffer::Storage::constant) buffer.index = places.at(buffer.index);
    }
    for (PlanStep& step : profile.steps) {
      for (std::uint32_t& blob : step.weights) blob = places.at(blob);
    }
    plan.profiles.push_back(std::move(profile));
  }
}

}  // namespace tenon
