#include "tactics/offer.hpp"

#include "tactics/decompose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

constexpr double kTie = 0.02;

// Whether it takes and gives f32 values only as the problem allows.
bool allowed(const Problem& problem, const Candidate& candidate) {
  const auto fits = [&](const Layout& layout) { return !layout.stored || problem.may_store(*layout.stored); };
  return std::all_of(candidate.inputs.begin(), candidate.inputs.end(), fits) &&
         std::all_of(candidate.outputs.begin(), candidate.outputs.end(), fits);
}

}  // namespace

std::string layout_key(const Candidate& candidate) {
  std::string key;
  for (const Layout& layout : candidate.inputs) key += layout.to_string() + ",";
  key += ">";
  for (const Layout& layout : candidate.outputs) key += layout.to_string() + ",";
  return key;
}

std::string cache_name(const Contender& contender) {
  return fmt::format("{}@{}{{{}}}{}", contender.tactic->name(), contender.tactic->version(),
                     contender.candidate.config, layout_key(contender.candidate));
}

std::string shown_name(const Contender& contender) {
  return contender.candidate.config.empty()
             ? std::string(contender.tactic->name())
             : fmt::format("{}{{{}}}", contender.tactic->name(), contender.candidate.config);
}

Offer offer_for(Problem problem, const TacticRegistry& tactics, const Tactic* without) {
  Offer offer{std::move(problem), {}, {}, false, {}};
  bool fast = false;
  for (const Tactic* tactic : tactics.for_op(offer.problem.op.name())) {
    if (tactic == without) continue;
    if (is_fallback(*tactic) && fast) continue;
    const Verdict verdict = tactic->supports(offer.problem);
    if (!verdict) {
      offer.considered.push_back({std::string(tactic->name()), verdict.reason(), 0, 0});
      continue;
    }
    if (offer.problem.accuracy < tactic->loosest()) {
      offer.considered.push_back(
          {std::string(tactic->name()), "its error is beyond the accuracy class asked for", 0, 0});
      continue;
    }
    const std::size_t before = offer.contenders.size();
    for (Candidate& candidate : tactic->candidates(offer.problem)) {
      if (allowed(offer.problem, candidate)) offer.contenders.push_back({tactic, std::move(candidate)});
    }
    if (offer.contenders.size() == before) {
      offer.considered.push_back(
          {std::string(tactic->name()), "it needs values in a 16-bit type that is not allowed here", 0, 0});
      continue;
    }
    fast = fast || !is_fallback(*tactic);
  }
  return offer;
}

void prune(Offer& offer, std::size_t most) {
  if (offer.contenders.size() <= most) return;
  const auto cheaper = [](const Contender& a, const Contender& b) {
    return a.candidate.estimate_ns < b.candidate.estimate_ns;
  };
  std::stable_sort(offer.contenders.begin(), offer.contenders.end(), cheaper);
  std::unordered_set<std::string> layouts;
  std::stable_partition(offer.contenders.begin(), offer.contenders.end(),
                        [&](const Contender& c) { return layouts.insert(layout_key(c.candidate)).second; });
  for (std::size_t i = most; i < offer.contenders.size(); ++i) {
    offer.considered.push_back({shown_name(offer.contenders[i]), "the cost model puts it behind the others",
                                offer.contenders[i].candidate.estimate_ns, 0});
  }
  offer.contenders.resize(most);
  // The order decides ties.
  std::stable_sort(offer.contenders.begin(), offer.contenders.end(), cheaper);
}

std::vector<std::size_t> best_per_layout(const Offer& offer, const Tactic* banned) {
  std::vector<std::size_t> best;
  std::unordered_map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < offer.contenders.size(); ++i) {
    if (offer.contenders[i].tactic == banned) continue;
    const auto [at, inserted] = position.emplace(layout_key(offer.contenders[i].candidate), best.size());
    if (inserted) {
      best.push_back(i);
    } else if (offer.ns[i] < offer.ns[best[at->second]] * (1 - kTie)) {
      best[at->second] = i;
    }
  }
  return best.empty() && banned != nullptr ? best_per_layout(offer, nullptr) : best;
}

}  // namespace tenon
