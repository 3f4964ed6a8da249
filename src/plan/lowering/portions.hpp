// Portions: neighbouring steps that treat each image of a batch by itself run on some images at a time,
// through all of them before the next images are taken, so that what lies between them stays in a core's
// cache; and threads take whole portions, so that none waits for another within them. Steps whose weights
// weigh more than their images stay as they are.
//
// In the plan they become one step "portions" (runtime/control/portions.cpp), whose body is a list of the
// same steps for so many images.
#pragma once

#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <cstdint>
#include <vector>

namespace tenon {

// The images of the plan's only profile: what its first input has along its first axis. 0 if that is no
// number.
std::int64_t batch_of(const Plan& plan);

// Which steps can work on so many images of the batch at a time.
std::vector<bool> divisible_steps(const Plan& plan, const StepRegistry& steps, std::int64_t images);

// `images`: for each step how many it takes at a time, 0 for all of them. Neighbours with the same number
// become one step, run by so many threads. The steps are divisible by their numbers.
void divide_batch(Plan& plan, const StepRegistry& steps, const std::vector<std::int64_t>& images,
                  int threads);

}  // namespace tenon
