// Rig: a contender ready to be timed, with operands made up for it.
#pragma once

#include "plan/step.hpp"
#include "tactics/offer.hpp"

#include <cstddef>
#include <memory>

namespace tenon {

class ThreadPool;

// Runs one contender on sets of operands and weights of its own, one set after the other. The sets share
// their scratch, as the steps of a network do: it is no operand that would come from memory, and the pages of
// a fresh one would be counted as work.
class Rig {
 public:
  // With one set, at the problem's opt shapes. Problem, contender, steps and pool have to outlive the rig.
  Rig(const Problem& problem, const Contender& contender, const StepRegistry& steps, ThreadPool& pool);
  ~Rig();
  Rig(Rig&&) noexcept;
  Rig& operator=(Rig&&) noexcept;

  // Makes more sets, until there are that many.
  void grow(std::size_t sets);

  // Nanoseconds of one run on the next set. InternalError when it fails.
  double run_once();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// How many sets each of `rigs` has to have so that, when they run in turn, more is touched than the
// last-level cache holds before one of them meets its operands again; for small operands less, but as much
// for any number of rigs.
std::size_t sets_beyond_cache(const Problem& problem, std::size_t rigs);

}  // namespace tenon
