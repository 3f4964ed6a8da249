// Tuner: measures candidates as they will run.
//
// The candidates of a problem are run in turn, round after round; each has sets of operands and weights of
// its own, together larger than the last-level cache, and the minimum over the rounds counts: it is what the
// code can do when nothing else disturbs it, and interruptions only ever add time. Who is far behind after a
// few rounds is not run again.
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
