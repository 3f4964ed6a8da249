// The scratch memory of a control step: the arena of the body that runs, then a second place for each value
// that is carried from one iteration to the next (the first is the step's output).
#pragma once

#include "plan/plan.hpp"

#include <algorithm>
#include <cstdint>

namespace tenon {

inline constexpr std::uint64_t kScratchAlignment = 64;

inline std::uint64_t scratch_aligned(std::uint64_t bytes) {
  return (bytes + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

// What a body takes of it; one that is not placed brings its own memory.
inline std::uint64_t body_scratch(const StepList& body) {
  return body.placed ? scratch_aligned(body.arena_bytes) : 0;
}

}  // namespace tenon
