#include "tactics/pricer.hpp"

#include "tactics/control.hpp"
#include "tactics/decompose.hpp"
#include "tactics/extract.hpp"
#include "tactics/timing_cache.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Dims of which nobody knows what they will be: a time says nothing.
bool has_open_dims(const Problem& problem) {
  const auto open = [](const Operand& operand) {
    return std::any_of(operand.max_dims.begin(), operand.max_dims.end(),
                       [](std::int64_t dim) { return dim >= kOpenDim; });
  };
  return std::any_of(problem.inputs.begin(), problem.inputs.end(), open) ||
         std::any_of(problem.outputs.begin(), problem.outputs.end(), open);
}

}  // namespace

void Pricer::price(Offer& offer, bool always) {
  for (const Contender& contender : offer.contenders) offer.ns.push_back(contender.candidate.estimate_ns);
  if ((always || offer.contenders.size() > 1) && measurable(offer)) {
    const std::string key = offer.problem.key();
    const auto [known, first] = known_.try_emplace(key);
    if (first) {
      known->second = look_up(key, offer);
      if (known->second.empty()) known->second = measure(key, offer);
    }
    if (known->second.size() == offer.ns.size()) {
      offer.ns = known->second;
      offer.measured = true;
    }
  }
  for (std::size_t i = 0; i < offer.contenders.size(); ++i) {
    offer.considered.push_back({shown_name(offer.contenders[i]), "",
                                offer.contenders[i].candidate.estimate_ns, offer.measured ? offer.ns[i] : 0});
  }
}

bool Pricer::measurable(const Offer& offer) const {
  if (!options_.measure || offer.problem.has_unknown_dims()) return false;
  if (has_open_dims(offer.problem)) return false;
  return std::all_of(offer.contenders.begin(), offer.contenders.end(), [](const Contender& c) {
    return !is_fallback(*c.tactic) && !runs_bodies(*c.tactic) && !c.tactic->name().starts_with("view.");
  });
}

std::vector<double> Pricer::look_up(const std::string& key, const Offer& offer) const {
  std::vector<double> times;
  if (options_.cache == nullptr) return times;
  for (const Contender& contender : offer.contenders) {
    const auto ns = options_.cache->find(key, cache_name(contender));
    if (!ns) return {};
    times.push_back(*ns);
  }
  return times;
}

std::vector<double> Pricer::measure(const std::string& key, const Offer& offer) const {
  if (std::chrono::steady_clock::now() >= options_.deadline) return {};
  std::vector<double> times = tuner_.measure(offer.problem, offer.contenders);
  if (options_.cache != nullptr) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      options_.cache->insert(key, cache_name(offer.contenders[i]), times[i]);
    }
  }
  return times;
}

}  // namespace tenon
