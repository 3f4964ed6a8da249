// Tuner: measures candidates as they will run.
//
// The candidates of a problem are run in turn, forwards and backwards, round after round; each has sets of
// operands and weights of its own, together larger than the last-level cache. Who is far behind after a few
// rounds is not run again; those that are close run on until their order is certain or their distance known
// to 2 %, within a budget. What counts is the ratio to the fastest within rounds, whose own time is that of a
// run that little disturbs.
#pragma once

#include "plan/step.hpp"
#include "tactics/offer.hpp"

#include <vector>

namespace tenon {

class ThreadPool;

class Tuner {
 public:
  Tuner(const StepRegistry& steps, ThreadPool& pool) : steps_(steps), pool_(pool) {}

  // Nanoseconds per contender, at the problem's opt shapes. A contender that fails to run is an
  // InternalError.
  std::vector<double> measure(const Problem& problem, const std::vector<Contender>& contenders) const;

 private:
  const StepRegistry& steps_;
  ThreadPool& pool_;
};

}  // namespace tenon
