// What is done to a list of steps once all of them are there.
#pragma once

#include "plan/plan.hpp"

namespace tenon {

// Steps whose results nothing reads: shape arithmetic that inference already did, for example.
void drop_dead_steps(StepList& list);

// Buffers that no step, input or output names, nor views. The others are numbered anew.
void drop_unused_buffers(StepList& list);

// Gives buffers and scratch memory their places in the arena.
void place_buffers(StepList& list);

}  // namespace tenon
