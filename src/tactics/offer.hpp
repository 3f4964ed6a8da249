// Offer: what the tactics propose for one problem.
#pragma once

#include "tactics/assignment.hpp"
#include "tactics/tactic.hpp"

#include <string>
#include <vector>

namespace tenon {

// One tactic with one of its configurations.
struct Contender {
  const Tactic* tactic = nullptr;
  Candidate candidate;
};

struct Offer {
  Problem problem;
  std::vector<Contender> contenders;
  std::vector<double> ns;  // of each contender: measured, or estimated
  bool measured = false;
  std::vector<Considered> considered;  // what is not, or no longer, among the contenders, and why
};

// The layouts that a candidate takes and gives, as text.
std::string layout_key(const Candidate& candidate);
// In the timing cache: "cpu.conv@1{px=14}(|1:16)>(|1:16)".
std::string cache_name(const Contender& contender);
// For people: "cpu.conv{px=14}".
std::string shown_name(const Contender& contender);

// Everything that the tactics for its operator propose, in the order of their registration. A fallback is
// asked only where nothing else takes the problem. `without`: a tactic that is not asked.
Offer offer_for(Problem problem, const TacticRegistry& tactics, const Tactic* without = nullptr);

// Leaves the `most` contenders that the cost model puts first, but rather the best of another set of layouts
// than the second best of one.
void prune(Offer& offer, std::size_t most);

// For each set of layouts the position of its fastest contender; times closer than 2 % are equal, and the
// earlier one is taken. Without those of `banned`, unless there is nothing else.
std::vector<std::size_t> best_per_layout(const Offer& offer, const Tactic* banned);

}  // namespace tenon
