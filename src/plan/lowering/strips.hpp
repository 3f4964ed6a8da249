// Strips: neighbouring steps that work on images row by row are run together, some rows of the last result at
// a time, so that what lies between them stays in a core's cache: a convolution and the pool behind it, or an
// expanding, a depthwise and a projecting convolution. Rows that two strips need of a result in between are
// computed for both.
//
// In the plan they become one step "strips" (runtime/control/strips.cpp), whose bodies are lists of the same
// steps for images of a strip's height: one for the strips in the middle, others where padding begins or ends
// or the last rows are fewer.
#pragma once

#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <cstdint>
#include <functional>

namespace tenon {

struct StripOptions {
  std::int64_t cache_bytes = 0;  // of one core
  int threads = 1;
  bool always = false;                                    // also where nothing is gained, for tests
  std::function<bool(const PlanStep& strips)> take = {};  // empty: all that promise a gain
};

// Whether there was anything to cut. Time is estimated: whether it is gained, only a measurement tells.
bool cut_into_strips(Plan& plan, const StepRegistry& steps, const StripOptions& options);

}  // namespace tenon
